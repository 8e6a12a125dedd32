-- Grain: one tier of one policy, with its strategy and what stands behind it. Tiers without a strategy are kept.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with contribution_tiers as (

    select * from {{ ref('contribution_tiers') }}

),

strategies as (

    select * from {{ ref('tier_strategies') }}

)

select
    contribution_tiers.policy,
    contribution_tiers.tier,
    strategies.strategy,
    strategies.objective,
    strategies.resource_share,
    strategies.cadence,
    strategies.owner_role,
    strategies.kpi_metric,
    strategies.kpi_target,
    strategies.action_1,
    strategies.action_2,
    strategies.action_3,
    contribution_tiers.account_count,
    contribution_tiers.total as predicted_6m_revenue_total,
    contribution_tiers.share as predicted_6m_revenue_share
from contribution_tiers
left join strategies
    on contribution_tiers.tier = strategies.tier
