-- Grain: one customer, with its two indices in [0, 1]. Weights are re-normalised over what is known;
-- with less than half of the weight known the index is NULL.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

{%- set indices = customer_health.index_parts() %}

with customers as (

    select * from {{ ref('int_customers_classified') }}

),

averages as (

    select * from {{ ref('int_customer_averages') }}

),

risk_labels as (

    select * from {{ ref('activity_risk_labels') }}

),

velocity_labels as (

    select * from {{ ref('engagement_velocity_labels') }}

),

channels as (

    select
        activity_channel,
        count(health_score) as health_count,
        cast(sum({{ customer_health.to_decimal('health_score') }}) as decimal(38, 6)) as health_sum
    from customers
    where activity_channel is not null
    group by activity_channel

),

parts as (

    select
        customers.primary_email
        {%- for index_name, parts in indices.items() %}
        {%- for part, expression in parts.items() %},
        {{ expression }} as {{ part }}_part
        {%- endfor %}
        {%- endfor %}
    from customers
    cross join averages
    left join risk_labels
        on customers.activity_risk_level = risk_labels.label
    left join velocity_labels
        on customers.engagement_velocity = velocity_labels.label
    left join channels
        on customers.activity_channel = channels.activity_channel
    {{ customer_health.computed_once() }}

),

weighted as (

    select
        primary_email
        {%- for index_name, parts in indices.items() %}
        {%- set weights = customer_health.index_weights(index_name) %},
        {% for part in parts -%}
        coalesce({{ part }}_part * {{ customer_health.double(weights[part]) }}, 0){{ ' + ' if not loop.last }}
        {%- endfor %} as {{ index_name }}_sum,
        {% for part in parts -%}
        cast({{ part }}_part is not null as integer) * {{ customer_health.in_millionths(weights[part]) }}
        {{- ' + ' if not loop.last }}
        {%- endfor %} as {{ index_name }}_known
        {%- endfor %}
    from parts
    {{ customer_health.computed_once() }}

)

select
    primary_email
    {%- for index_name in indices %},
    case
        when {{ index_name }}_known >= 500000
            then {{ customer_health.to_decimal(
                index_name ~ '_sum / (' ~ customer_health.double(index_name ~ '_known') ~ ' / 1000000)', 9
            ) }}
    end as {{ index_name }}
    {%- endfor %}
from weighted
