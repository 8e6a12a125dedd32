-- Grain: one cell of a 2 x 2 grid per policy, all of them there.

select policy, band, size from {{ ref('grid_rows') }}
where band <> 'top'
union all
select 'y' as policy, 'low' as band, 'small' as size
