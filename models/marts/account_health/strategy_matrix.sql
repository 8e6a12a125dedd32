-- Grain: one action for one health band and size segment under one policy; empty cells stay, with 0 accounts.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

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
        count(*) as account_count,
        {{ customer_health.known_total('predicted_6m_revenue') }} as predicted_6m_revenue_total
    from policy_scores
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
    case when summed.policy is null then cast(0 as decimal(38, 6)) else summed.predicted_6m_revenue_total end
        as predicted_6m_revenue_total
from actions
cross join policies
left join summed
    on policies.policy = summed.policy
    and actions.health_band = summed.health_band
    and actions.account_size_segment = summed.account_size_segment
