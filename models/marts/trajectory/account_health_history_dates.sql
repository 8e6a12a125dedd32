-- Grain: one stored as_of_date, up to the setting as_of_date. A view over the log of the history.
{{ config(enabled=customer_health.subject_is_built('trajectory'), materialized='view') }}

with slice_log as (

    select * from {{ ref('account_health_slice_log') }}

)

select
    as_of_date,
    origin,
    policy,
    policy_version,
    source_row_count,
    rejected_row_count,
    account_count,
    scored_count
from slice_log
where as_of_date <= {{ customer_health.as_of_date() }}
