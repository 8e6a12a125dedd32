-- Grain: one policy, health band and contribution tier that occur together.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with policy_cells as (

    select * from {{ ref('int_policy_cells') }}

)

select
    policy,
    health_band,
    contribution_tier,
    cast(sum(account_count) as bigint) as account_count,
    {{ customer_health.known_total('sum(forecast_sum)', 'sum(account_count)') }} as predicted_6m_revenue_total
from policy_cells
group by policy, health_band, contribution_tier
