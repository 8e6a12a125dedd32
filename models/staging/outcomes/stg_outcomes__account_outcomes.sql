-- Grain: one account, day and outcome, up to as_of_date.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

select
    account_id,
    outcome_date,
    outcome,
    arr,
    reason
from {{ ref('base_outcomes__account_outcome_rows') }}
where rejection is null
