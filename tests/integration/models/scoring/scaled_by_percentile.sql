-- Grain: one value, scaled by its rank; a rank of NULL stands for a population of equal values.

{%- set metric = {
    'source_column': 'value', 'scaled_column': 'metric',
    'scale': 'percentile', 'direction': 'lower',
    'pre_transform': none, 'post_transform': none, 'scaled_when_constant': 0.5,
} %}

with ranks as (

    select
        example,
        lower_bound as percent_rank
    from {{ ref('input_values') }}

)

select
    examples.example,
    cast({{ customer_health.scaled_value(metric) }} as decimal(18, 12)) as percentile_lower
from {{ ref('input_values') }} as examples
left join ranks as metric__percentiles
    on examples.example = metric__percentiles.example
