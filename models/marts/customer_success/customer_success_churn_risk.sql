-- Grain: one customer of the churn records.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set settings = customer_health.churn_settings() %}
{%- set signals = customer_health.churn_signals().keys() | list %}

with customers as (

    select * from {{ ref('int_customer_churn_signals') }}

),

weighted as (

    select
        record_number,
        {% for signal in signals -%}
        {{ customer_health.double(settings.weights[signal]) }} * {{ signal }}_score{{ ' + ' if not loop.last }}
        {%- endfor %} as raw_risk,
        {{ customer_health.days_between(customer_health.as_of_date(), 'contract_end_date') }} as days_left,
        customer_id,
        name,
        segment,
        arr,
        contract_end_date
        {%- for signal in signals %},
        {{ signal }}_score
        {%- endfor %}
    from customers
    {{ customer_health.computed_once() }}

),

urgent as (

    select
        weighted.*,
        {{ customer_health.urgency_multiplier('days_left') }} as urgency_multiplier
    from weighted
    {{ customer_health.computed_once() }}

),

multiplied as (

    select
        urgent.*,
        raw_risk * urgency_multiplier as urgent_risk
    from urgent
    {{ customer_health.computed_once() }}

),

rounded as (

    select
        multiplied.*,
        {{ customer_health.round_half_even_to_tenths('raw_risk') }} as raw_score,
        {{ customer_health.round_half_even_to_tenths('urgent_risk') }} as risk
    from multiplied
    {{ customer_health.computed_once() }}

),

scored as (

    select
        rounded.*,
        {{ customer_health.clamped_score('risk') }} as risk_score
    from rounded
    {{ customer_health.computed_once() }}

)

select
    customer_id,
    record_number,
    name,
    segment,
    arr,
    contract_end_date,
    {%- for signal in signals %}
    cast({{ signal }}_score as decimal(4, 1)) as {{ signal }}_score,
    {%- endfor %}
    cast(raw_score as decimal(4, 1)) as raw_score,
    cast(urgency_multiplier as decimal(4, 2)) as urgency_multiplier,
    case when days_left < 0 then 0 else days_left end as days_to_renewal,
    days_left < 0 as is_expired,
    cast(risk_score as decimal(4, 1)) as risk_score,
    {{ customer_health.ladder('risk_score', settings.risk_tiers, 'risk_tier', 'unscored') | indent(4) }} as risk_tier,
    {{ customer_health.published_risk_tier('risk_score') | indent(4) }} as published_risk_tier
from scored
