-- Grain: one total with two parts; rows 2 and 8 are wrong.

select
    1 as row_key,
    cast(0.1 as decimal(9, 6)) as part_1,
    cast(0.2 as decimal(9, 6)) as part_2,
    cast(0.3 as decimal(9, 6)) as total,
    cast(0.3 as decimal(9, 6)) as right_total
union all
select 2 as row_key, 1 as part_1, 2 as part_2, 3.000001 as total, 3 as right_total
union all
select 4 as row_key, 5 as part_1, null as part_2, 5 as total, 5 as right_total
union all
select 8 as row_key, null as part_1, null as part_2, 1 as total, 0 as right_total
union all
select 16 as row_key, 1 as part_1, 1 as part_2, null as total, null as right_total
