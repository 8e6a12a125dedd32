-- Grain: one as-of date. Cut-offs of every policy's tiers (columns <policy>__cut_off_1, ...), in tier order:
-- exact continuous quantiles of the published forecast over the accounts that have one.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set policies = customer_health.policies() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

forecast_quantiles as (

    select
        as_of_date
        {%- for policy in policies %},
        {{ customer_health.quantiles(
            'cast(' ~ policy.name ~ '__predicted_6m_revenue as ' ~ customer_health.type_double() ~ ')',
            customer_health.tier_quantiles(policy)
        ) }} as {{ policy.name }}__quantiles
        {%- endfor %}
    from accounts_scored
    group by as_of_date

)

select
    as_of_date
    {%- for policy in policies %}
    {%- for quantile in customer_health.tier_quantiles(policy) %},
    {{ customer_health.array_element(policy.name ~ '__quantiles', loop.index) }} as {{ policy.name }}__cut_off_{{ loop.index }}
    {%- endfor %}
    {%- endfor %}
from forecast_quantiles
