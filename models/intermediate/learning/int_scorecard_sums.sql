-- Grain: one label of the training period in a scope: the plain sum of its weights of evidence.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

select
    scope,
    as_of_date,
    account_id,
    is_churned,
    cast(sum(woe_e4) as bigint) as score_e4
from {{ ref('int_scorecard_training') }}
group by scope, as_of_date, account_id, is_churned
