-- Grain: one account and one customer that belong together: by the mapping, or without one by equal ids.
{{ config(enabled=customer_health.customer_signals_are_built(), materialized='view') }}

select
    account_id,
    customer_id,
    customer_rank,
    account_rank,
    arr
from {{ ref('int_account_customers') }}
