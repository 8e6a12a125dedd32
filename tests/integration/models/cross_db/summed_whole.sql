-- Grain: one group of whole numbers (by its name) with their sum.

select
    example,
    {{ customer_health.whole_sum('source_value') }} as total,
    {{ customer_health.whole_sum('source_value') }} * 1000000000000000000 as shifted_total
from {{ ref('input_integers') }}
group by example
