-- Grain: one customer and rule that applies to it.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set health = customer_health.customer_success_health() %}

with customers as (

    select * from {{ ref('int_customer_health_metrics') }}

),

benchmarks as (

    select * from {{ ref('customer_success_health_benchmarks') }}

),

rules as (

    select
        rule_id,
        metric,
        condition,
        label,
        position,
        recommendation,
        {{ customer_health.double('threshold') }} as threshold
    from {{ ref('customer_success_recommendation_rules') }}

),

-- Conditions on a score or on a maximum need benchmarks, which an unreadable segment does not have.
applicable as (
    {%- for metric in health.metrics %}

    select
        customers.customer_id,
        customers.record_number,
        rules.rule_id,
        rules.position,
        rules.recommendation
    from customers
    inner join rules
        on rules.metric = '{{ metric.metric }}'
    {%- if metric.direction == 'lower' %}
    inner join benchmarks
        on customers.benchmark_segment = benchmarks.segment
    {%- endif %}
    where (
            rules.condition = 'score_below'
            and customers.segment is not null
            and customers.{{ metric.metric }}_score < rules.threshold
        )
        {%- if metric.direction == 'label' %}
        or (rules.condition = 'label_is' and customers.{{ metric.metric }} = rules.label)
        {%- else %}
        or (rules.condition = 'value_below' and customers.{{ metric.metric }} < rules.threshold)
        {%- endif %}
        {%- if metric.direction == 'lower' %}
        or (
            rules.condition = 'above_share_of_maximum'
            and customers.segment is not null
            and customers.{{ metric.metric }}
            > {{ customer_health.double('benchmarks.' ~ metric.benchmark) }} * rules.threshold
        )
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    customer_id,
    rule_id,
    -- The record's number stands for the customer: windows over numbers are cheaper than over texts.
    cast(row_number() over (partition by record_number order by position) as bigint) as position,
    recommendation
from applicable
