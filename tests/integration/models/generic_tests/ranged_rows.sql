-- Grain: one value from -1 to 11, or unknown; the key is a power of two, so that a sum of keys
-- names rows.

select 1 as row_key, cast(-0.000001 as decimal(9, 6)) as value
union all
select 2 as row_key, cast(0 as decimal(9, 6)) as value
union all
select 4 as row_key, cast(10 as decimal(9, 6)) as value
union all
select 8 as row_key, cast(10.000001 as decimal(9, 6)) as value
union all
select 16 as row_key, cast(null as decimal(9, 6)) as value
