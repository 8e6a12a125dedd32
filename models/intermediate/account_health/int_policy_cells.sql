-- Grain: one policy, industry, size segment, health band and contribution tier that occur together.
-- Counted once over all accounts; the marts of bands, tiers and cells are sums over these few rows.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

)

select
    policy,
    industry,
    account_size_segment,
    health_band,
    is_low_health,
    contribution_tier,
    count(*) as account_count,
    count(health_score) as scored_count,
    sum(health_score) as score_sum,
    min(health_score) as min_health_score,
    max(health_score) as max_health_score,
    count(predicted_6m_revenue) as forecast_count,
    sum(predicted_6m_revenue) as forecast_sum
from policy_scores
group by policy, industry, account_size_segment, health_band, is_low_health, contribution_tier
