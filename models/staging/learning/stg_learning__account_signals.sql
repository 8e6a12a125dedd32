-- Grain: one accepted row of account_signals, up to as_of_date. Rows of one key fold where they are read.
{{ config(enabled=customer_health.subject_is_built('learning')) }}

select
    account_id,
    as_of_date,
    signal,
    value,
    segment
from {{ ref('base_learning__account_signal_rows') }}
where rejection is null
