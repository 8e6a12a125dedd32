-- Grain: one metric of few distinct values, value, and combination of low-health flags (one per policy).
-- Medians of such metrics follow from these counts; amounts of money have a value per account and do not.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set double = customer_health.type_double() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

)

{% for metric in customer_health.account_metrics() if metric not in customer_health.money_metrics() -%}
select
    '{{ metric }}' as metric,
    cast({{ metric }} as {{ double }}) as metric_value,
    {%- for policy in customer_health.policies() %}
    {{ customer_health.low_health_flag(policy) }} as {{ policy.name }}__is_low_health,
    {%- endfor %}
    count(*) as account_count
from accounts_scored
where {{ metric }} is not null
group by
    {{ metric }},
    {%- for policy in customer_health.policies() %}
    {{ customer_health.low_health_flag(policy) }}{{ ',' if not loop.last }}
    {%- endfor %}
{{ 'union all' if not loop.last }}
{% endfor %}
