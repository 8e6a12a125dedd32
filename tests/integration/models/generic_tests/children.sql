-- Grain: one child. Parent 2 has 5 instead of 4, 4 has no child, 16 is no parent, 32 has no total.

select 1 as parent_key, 1 as amount
union all
select 1 as parent_key, 2 as amount
union all
select 2 as parent_key, 5 as amount
union all
select 8 as parent_key, null as amount
union all
select 16 as parent_key, 9 as amount
union all
select 32 as parent_key, 6 as amount
