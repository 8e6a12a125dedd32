-- Grain: one row of a two-column key that is not unique: (a, 1) twice, and two rows with a NULL.

select 'a' as first_key, 1 as second_key, 1 as id
union all
select 'a' as first_key, 1 as second_key, 2 as id
union all
select 'a' as first_key, 2 as second_key, 3 as id
union all
select 'b' as first_key, 1 as second_key, 4 as id
union all
select null as first_key, 1 as second_key, 5 as id
union all
select 'b' as first_key, null as second_key, 6 as id
