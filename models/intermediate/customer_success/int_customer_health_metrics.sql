-- Grain: one customer, with its metrics and the score of each, 0 to 100, against its benchmarks.
-- A table, since scores and recommendations both read it.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{%- set health = customer_health.customer_success_health() %}

with customers as (

    select * from {{ ref('stg_customer_success__health') }}

),

benchmarks as (

    select * from {{ ref('customer_success_health_benchmarks') }}

),

-- A segment without benchmarks of its own, and an unreadable one, takes those of the default.
placed as (

    select
        customers.*,
        coalesce(own_benchmarks.segment, {{ customer_health.text_literal(health.default_segment) }})
            as benchmark_segment
    from customers
    left join benchmarks as own_benchmarks
        on customers.segment = own_benchmarks.segment
    {{ customer_health.computed_once() }}

),

compared as (

    select
        placed.*
        {%- for metric in health.metrics %},
        {% if metric.direction == 'label' -%}
        case
            when placed.{{ metric.metric }} is null then null
            {%- for label, points in health.sentiments.items() %}
            when placed.{{ metric.metric }} = {{ customer_health.text_literal(label) }}
                then {{ customer_health.double(points) }}
            {%- endfor %}
            else {{ customer_health.double(health.otherwise) }}
        end
        {%- elif metric.direction == 'higher' -%}
        {{ customer_health.computable('placed.' ~ metric.metric) }}
        / {{ customer_health.double('benchmarks.' ~ metric.benchmark) }} * 100
        {%- else -%}
        (1 - {{ customer_health.computable('placed.' ~ metric.metric) }}
        / {{ customer_health.double('benchmarks.' ~ metric.benchmark) }}) * 100
        {%- endif %} as {{ metric.metric }}_percent
        {%- endfor %}
    from placed
    left join benchmarks
        on placed.benchmark_segment = benchmarks.segment
    {{ customer_health.computed_once() }}

)

select
    customer_id,
    record_number,
    name,
    segment,
    benchmark_segment,
    arr
    {%- for metric in health.metrics %},
    {{ metric.metric }},
    {{ metric.metric }}_is_measured,
    {{ customer_health.clamped_score(metric.metric ~ '_percent') }} as {{ metric.metric }}_score
    {%- endfor %}
    {%- for score in customer_health.health_score_names() %},
    previous_{{ score }}_score
    {%- endfor %}
from compared
