-- Grain: one value. Scaling between two given bounds, for both directions.

{%- set scaled = customer_health.scale_between('value', 'lower_bound', 'upper_bound', 0.5) %}

select
    example,
    cast({{ scaled }} as decimal(18, 12)) as scaled,
    cast({{ customer_health.clamp_unit(scaled) }} as decimal(18, 12)) as held_inside,
    cast({{ customer_health.turn(scaled, 'higher') }} as decimal(18, 12)) as higher_is_better,
    cast({{ customer_health.turn(scaled, 'lower') }} as decimal(18, 12)) as lower_is_better,
    cast({{ customer_health.scale_between('value', 'lower_bound', 'upper_bound', 1) }}
        as decimal(18, 12)) as scaled_constant_1
from {{ ref('input_values') }}
