-- Grain: one reason: three rows of `full` are refused, two of `leaky`, none of `lost`.

select 'full' as source, 1 as row_count
union all
select 'full' as source, 2 as row_count
union all
select 'leaky' as source, 2 as row_count
