-- Grain: one goal. Ready for tracking against the history of scores.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with goals as (

    select * from {{ ref('account_health_goals') }}

)

select
    goal_id,
    goal,
    scope_kind,
    scope_value,
    metric,
    direction,
    target_kind,
    target_low,
    target_high,
    horizon_days
from goals
