-- Grain: one number, by way of a CTE that is computed once.

with doubled as (

    select
        example,
        2 * source_value as twice
    from {{ ref('input_doubles') }}
    where source_value > 0
    {{ customer_health.computed_once() }}

)

select
    example,
    twice + twice as four_times
from doubled
