-- Grain: one cell of a 2 x 2 grid per policy. y lacks (low, small); x has (top, small), outside
-- the grid;
-- (high, large) is there twice.

select 'x' as policy, 'high' as band, 'small' as size
union all
select 'x' as policy, 'high' as band, 'large' as size
union all
select 'x' as policy, 'high' as band, 'large' as size
union all
select 'x' as policy, 'low' as band, 'small' as size
union all
select 'x' as policy, 'low' as band, 'large' as size
union all
select 'x' as policy, 'top' as band, 'small' as size
union all
select 'y' as policy, 'high' as band, 'small' as size
union all
select 'y' as policy, 'high' as band, 'large' as size
union all
select 'y' as policy, 'low' as band, 'large' as size
