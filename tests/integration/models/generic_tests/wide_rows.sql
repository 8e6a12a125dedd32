-- Grain: one row of two values; row 2 is below, 4 above, 8 lacks the first value, 16 the second.

select 1 as row_key, 0 as value, 10 as second_value
union all
select 2 as row_key, -1 as value, 5 as second_value
union all
select 4 as row_key, 5 as value, 11 as second_value
union all
select 8 as row_key, null as value, 5 as second_value
union all
select 16 as row_key, 5 as value, null as second_value
