-- Grain: one child of a parent that is there.

select
    parent_key,
    amount
from {{ ref('children') }}
where parent_key <> 16
