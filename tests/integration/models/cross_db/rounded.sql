-- Grain: one number, rounded half up to six decimals for publication.

select
    example,
    {{ customer_health.to_decimal('source_value') }} as precision_28,
    {{ customer_health.to_decimal('source_value', 38) }} as precision_38
from {{ ref('input_doubles') }}
