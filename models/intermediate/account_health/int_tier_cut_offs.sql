-- Grain: one as-of date. Cut-offs of every policy's tiers (columns <policy>__cut_off_1, ...), in tier order:
-- exact continuous quantiles of the published forecast over the accounts that have one.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set policies = customer_health.policies() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored_by_date') }}

),

forecasts as (

    select
        as_of_date
        {%- for policy in policies %},
        cast({{ policy.name }}__predicted_6m_revenue as {{ customer_health.type_double() }})
            as {{ policy.name }}__forecast
        {%- endfor %}
    from accounts_scored

),

candidates as (

    select
        as_of_date
        {%- for policy in policies %},
        {{ customer_health.discrete_quantiles(policy.name ~ '__forecast', customer_health.tier_quantiles(policy)) }}
            as {{ policy.name }}__candidates
        {%- endfor %}
    from forecasts
    group by as_of_date

),

counted as (

    select
        forecasts.as_of_date
        {%- for policy in policies %}
        {%- for quantile in customer_health.tier_quantiles(policy) %},
        {{ customer_health.quantile_counts(
            'forecasts.' ~ policy.name ~ '__forecast',
            customer_health.array_element('candidates.' ~ policy.name ~ '__candidates', loop.index),
            policy.name ~ '__' ~ loop.index
        ) }}
        {%- endfor %}
        {%- endfor %}
    from forecasts
    inner join candidates
        on forecasts.as_of_date = candidates.as_of_date
    group by forecasts.as_of_date

)

select
    as_of_date
    {%- for policy in policies %}
    {%- for quantile in customer_health.tier_quantiles(policy) %},
    {{ customer_health.interpolated_quantile(policy.name ~ '__' ~ loop.index, quantile) }}
        as {{ policy.name }}__cut_off_{{ loop.index }}
    {%- endfor %}
    {%- endfor %}
from counted
