-- Grain: one account under one policy. A view over the stored wide rows.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='view') }}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

)

select
    policy,
    account_id,
    health_score,
    health_band,
    predicted_6m_revenue,
    contribution_tier
from policy_scores
