-- Grain: one account on one date, in its scope and, in the training period, in that of all.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

select
    as_of_date,
    account_id,
    period,
    is_churned,
    scope,
    is_own_scope,
    cast(sum(points) as bigint) as points
from {{ ref('int_account_scorecard_bins') }}
group by as_of_date, account_id, period, is_churned, scope, is_own_scope
