-- Grain: one value, held inside [0, 1].

select
    example,
    cast({{ customer_health.clamp_unit('value') }} as decimal(18, 12)) as clamped
from {{ ref('input_values') }}
