-- Grain: one value, scaled as three metrics of a policy say.

{%- set metric = {
    'source_column': 'value', 'scaled_column': 'metric', 'direction': 'higher',
    'scale': 'target', 'lower': 0, 'upper': 100, 'scaled_when_constant': 0.5,
    'pre_transform': none, 'post_transform': none,
} %}

with examples as (

    select
        example,
        value,
        lower_bound as metric__lower,
        upper_bound as metric__upper
    from {{ ref('input_values') }}

)

select
    example,
    cast({{ customer_health.scaled_value(metric) }} as decimal(18, 12)) as target,
    -- Scaled, turned, and only then transformed: sqrt(1 - value / 100).
    cast({{ customer_health.scaled_value(dict(metric, direction='lower', post_transform='sqrt')) }}
        as decimal(18, 12)) as target_lower_sqrt_after,
    -- Transformed before it is scaled: the bounds are those of the square root.
    cast({{ customer_health.scaled_value(dict(metric, pre_transform='sqrt', upper=10)) }}
        as decimal(18, 12)) as target_sqrt_before,
    cast({{ customer_health.scaled_value(dict(metric, scale='min_max')) }}
        as decimal(18, 12)) as min_max,
    cast({{ customer_health.scaled_value(dict(metric, scale='as_is', direction='lower')) }}
        as decimal(18, 12)) as as_is_lower
from examples
