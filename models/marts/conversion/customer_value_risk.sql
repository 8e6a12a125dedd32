-- Grain: one customer, in exactly one cell of the value x risk framework.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

{%- set index_names = {'customer_value_index': 'value_tertile', 'customer_risk_index': 'risk_tertile'} %}

with customers as (

    select * from {{ ref('int_customers_classified') }}

),

indices as (

    select * from {{ ref('int_customer_indices') }}

),

cut_offs as (

    select * from {{ ref('int_customer_index_cut_offs') }}

),

strategies as (

    select * from {{ ref('value_risk_strategies') }}

)

select
    customers.primary_email,
    customers.customer_tier,
    customers.ltv,
    customers.health_score,
    customers.activity_risk_level,
    customers.engagement_velocity,
    customers.value_level,
    customers.is_value_level_known,
    customers.risk_level,
    customers.is_risk_level_known,
    strategies.strategy,
    indices.customer_value_index,
    indices.customer_risk_index,
    {%- for index_name, tertile in index_names.items() %}
    {%- set index = customer_health.double('indices.' ~ index_name) %}
    case
        when indices.{{ index_name }} is null then 'Unscored'
        when {{ index }} > cut_offs.{{ index_name }}__cut_off_1 then 'High'
        when {{ index }} > cut_offs.{{ index_name }}__cut_off_2 then 'Medium'
        else 'Low'
    end as {{ tertile }},
    {%- endfor %}
    customers.is_red_flag,
    customers.is_special_conversion
from customers
inner join indices
    on customers.primary_email = indices.primary_email
cross join cut_offs
inner join strategies
    on customers.value_level = strategies.value_level
    and customers.risk_level = strategies.risk_level
