-- Grain: one action for one health band and size segment under one policy; empty cells stay, with 0 accounts.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with policy_cells as (

    select * from {{ ref('int_policy_cells') }}

),

actions as (

    select * from {{ ref('strategy_actions') }}

),

policies as (

    select policy from {{ ref('policies') }}

),

summed as (

    select
        policy,
        health_band,
        account_size_segment,
        cast(sum(account_count) as bigint) as account_count,
        sum(forecast_sum) as forecast_sum
    from policy_cells
    group by policy, health_band, account_size_segment

)

select
    policies.policy,
    actions.health_band,
    actions.account_size_segment,
    actions.action_rank,
    actions.action,
    actions.cadence,
    actions.owner_role,
    actions.kpi_metric,
    actions.kpi_target,
    coalesce(summed.account_count, 0) as account_count,
    {{ customer_health.known_total('summed.forecast_sum', 'summed.account_count') }} as predicted_6m_revenue_total
from actions
cross join policies
left join summed
    on policies.policy = summed.policy
    and actions.health_band = summed.health_band
    and actions.account_size_segment = summed.account_size_segment
