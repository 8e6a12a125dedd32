-- Grain: one parent with the total of its children.

select 1 as parent_key, 3 as total, 3 as right_total
union all
select 2 as parent_key, 4 as total, 5 as right_total
union all
select 4 as parent_key, 7 as total, null as right_total
union all
select 8 as parent_key, null as total, null as right_total
union all
select 32 as parent_key, null as total, 6 as right_total
