-- Grain: one number below 1000, rounded half up to six decimals and to whole millionths.

select
    example,
    {{ customer_health.to_decimal('source_value', 9) }} as precision_9,
    {{ customer_health.to_millionths('source_value') }} as millionths,
    {{ customer_health.from_millionths(customer_health.to_millionths('source_value')) }}
        as there_and_back
from {{ ref('input_doubles') }}
