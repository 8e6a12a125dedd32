-- Grain: one tertile of the value index and of the risk index: all nine cells, and Unscored where it occurs.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

{%- set rows = [] %}
{%- for value_tertile in customer_health.customer_labels('level') %}
{%- for risk_tertile in customer_health.customer_labels('level') %}
{%- do rows.append([customer_health.sql_literal(value_tertile), customer_health.sql_literal(risk_tertile)]) %}
{%- endfor %}
{%- endfor %}

with customer_value_risk as (

    select * from {{ ref('customer_value_risk') }}

),

customers as (

    select
        primary_email,
        ltv_amount
    from {{ ref('int_customers_classified') }}

),

cells as (

    {{ customer_health.rows_as_table(
        {'value_tertile': customer_health.type_text(), 'risk_tertile': customer_health.type_text()}, rows
    ) | indent(4) }}
    union
    select
        value_tertile,
        risk_tertile
    from customer_value_risk

),

counted as (

    select
        customer_value_risk.value_tertile,
        customer_value_risk.risk_tertile,
        {{ customer_health.customer_figures('customer_value_risk', 'customers') }}
    from customer_value_risk
    inner join customers
        on customer_value_risk.primary_email = customers.primary_email
    group by customer_value_risk.value_tertile, customer_value_risk.risk_tertile

)

select
    cells.value_tertile,
    cells.risk_tertile,
    coalesce(counted.customer_count, 0) as customer_count,
    coalesce(counted.member_count, 0) as member_count,
    cast({{ customer_health.exact_mean('counted.health_sum', 'counted.health_count') }} as decimal(9, 6))
        as mean_health,
    {{ customer_health.exact_mean('counted.ltv_sum', 'counted.ltv_count') }} as mean_ltv
from cells
left join counted
    on cells.value_tertile = counted.value_tertile
    and cells.risk_tertile = counted.risk_tertile
