-- Grain: one policy, health band and contribution tier that occur together.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

)

select
    policy,
    health_band,
    contribution_tier,
    count(*) as account_count,
    {{ customer_health.known_total('predicted_6m_revenue') }} as predicted_6m_revenue_total
from policy_scores
group by policy, health_band, contribution_tier
