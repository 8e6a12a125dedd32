-- Grain: one industry, size segment and combination of low-health flags (one flag per policy).
-- Exact totals and counts of the profiled metrics, from one pass over all accounts.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

)

select
    industry,
    account_size_segment,
    {%- for policy in customer_health.policies() %}
    {{ customer_health.low_health_flag(policy) }} as {{ policy.name }}__is_low_health,
    {%- endfor %}
    {%- for metric, expression in customer_health.profiled_metrics().items() %}
    count({{ expression }}) as {{ metric }}__count,
    sum({{ customer_health.to_decimal('cast(' ~ expression ~ ' as ' ~ customer_health.type_double() ~ ')') }})
        as {{ metric }}__total{{ ',' if not loop.last }}
    {%- endfor %}
from accounts_scored
group by
    industry,
    account_size_segment,
    {%- for policy in customer_health.policies() %}
    {{ customer_health.low_health_flag(policy) }}{{ ',' if not loop.last }}
    {%- endfor %}
