-- Grain: one account and one customer that belong together: by the mapping, or without one by equal ids.
{{ config(enabled=customer_health.customer_signals_are_built(), materialized='view') }}

select
    account_id,
    customer_id,
    cast(customer_rank as bigint) as customer_rank,
    cast(account_rank as bigint) as account_rank,
    cast(arr as decimal(28, 6)) as arr
from {{ ref('int_account_customers') }}
