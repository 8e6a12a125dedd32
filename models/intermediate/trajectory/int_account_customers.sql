-- Grain: one account and one customer that belong together: by the mapping, or without one by equal ids.
-- customer_rank 1 is the account's main customer, account_rank 1 the customer's main account.
{{ config(enabled=customer_health.customer_signals_are_built(), materialized='table') }}

with mapped as (

    select distinct
        account_id,
        customer_id
    from {{ ref('stg_mapping__accounts') }}
    where customer_id is not null

),

accounts as (

    select account_id from {{ ref('stg_salesforce__accounts') }}

),

customers as (

    select * from {{ ref('int_recorded_customers') }}

),

-- An empty mapping is none: the loader creates the table where there is no file.
paired as (

    select
        account_id,
        customer_id
    from mapped
    union all
    select
        accounts.account_id,
        customers.customer_id
    from accounts
    inner join customers
        on accounts.account_id = customers.customer_id
    where not exists (select 1 from mapped)

)

select
    paired.account_id,
    paired.customer_id,
    customers.arr,
    row_number() over (
        partition by paired.account_id
        order by
            case when customers.customer_id is null then 1 else 0 end,
            customers.arr desc nulls last,
            {{ customer_health.byte_order('paired.customer_id') }}
    ) as customer_rank,
    -- An account of today comes before one that the view no longer holds.
    row_number() over (
        partition by paired.customer_id
        order by
            case when accounts.account_id is null then 1 else 0 end,
            {{ customer_health.byte_order('paired.account_id') }}
    ) as account_rank
from paired
left join customers
    on paired.customer_id = customers.customer_id
left join accounts
    on paired.account_id = accounts.account_id
