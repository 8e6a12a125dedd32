-- Grain: one customer of the churn records, with the scores of its five signals.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set signals = customer_health.churn_signals() %}
{%- set carried = ['record_number', 'customer_id', 'name', 'segment', 'arr', 'contract_end_date'] %}

with customers as (

    select * from {{ ref('stg_customer_success__churn') }}

),

measured as (

    select
        {{ carried | join(',\n        ') }}
        {%- for block in signals.values() %}
        {%- for field, measure in block.measures.items() %},
        {{ customer_health.churn_points(field, measure) }} as {{ field }}_points
        {%- endfor %}
        {%- endfor %}
    from customers
    {{ customer_health.computed_once() }}

),

combined as (

    select
        {{ carried | join(',\n        ') }}
        {%- for signal, block in signals.items() %},
        {% for field, measure in block.measures.items() -%}
        {{ customer_health.double(measure.weight) ~ ' * ' if block.combined == 'weighted' }}{{ field }}_points
        {{- ' + ' if not loop.last }}
        {%- endfor %} as {{ signal }}
        {%- endfor %}
    from measured
    {{ customer_health.computed_once() }}

),

-- Only the signals whose points are added can leave the scale; of the others no sum exceeds 100.
clamped as (

    select
        {{ carried | join(',\n        ') }}
        {%- for signal in signals %},
        {{ customer_health.clamped_score(signal) }} as {{ signal }}
        {%- endfor %}
    from combined
    {{ customer_health.computed_once() }}

)

select
    {{ carried | join(',\n    ') }}
    {%- for signal in signals %},
    {{ customer_health.round_half_even_to_tenths(signal) }} as {{ signal }}_score
    {%- endfor %}
from clamped
