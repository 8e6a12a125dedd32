-- Grain: one metric, industry, size segment and combination of low-health flags (one flag per policy).
-- Exact totals and counts of the profiled metrics, from one pass over all accounts.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set metrics = customer_health.profiled_metrics() %}
{%- set policies = customer_health.policies() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

summed as (

    select
        industry,
        account_size_segment,
        {%- for policy in policies %}
        {{ customer_health.low_health_flag(policy) }} as {{ policy.name }}__is_low_health,
        {%- endfor %}
        {%- for metric, expression in metrics.items() %}
        count({{ expression }}) as {{ metric }}__count,
        {%- if metric in customer_health.whole_number_metrics() %}
        sum({{ expression }}) as {{ metric }}__total{{ ',' if not loop.last }}
        {%- else %}
        sum({{ customer_health.to_decimal(expression) }}) as {{ metric }}__total{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}
    from accounts_scored
    group by
        industry,
        account_size_segment,
        {%- for policy in policies %}
        {{ customer_health.low_health_flag(policy) }}{{ ',' if not loop.last }}
        {%- endfor %}

),

metrics as (

    {%- for metric in metrics %}
    select '{{ metric }}' as metric
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    metrics.metric,
    summed.industry,
    summed.account_size_segment,
    {%- for policy in policies %}
    summed.{{ policy.name }}__is_low_health,
    {%- endfor %}
    case metrics.metric
        {%- for metric in metrics %}
        when '{{ metric }}' then summed.{{ metric }}__count
        {%- endfor %}
    end as account_count,
    case metrics.metric
        {%- for metric in metrics %}
        when '{{ metric }}' then cast(summed.{{ metric }}__total as decimal(38, 6))
        {%- endfor %}
    end as total
from summed
cross join metrics
