-- Grain: one number, with its bucket of neighbours.

select
    example,
    {{ customer_health.value_bucket('source_value') }} as value_bucket
from {{ ref('input_doubles') }}
