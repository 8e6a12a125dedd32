-- Grain: one source row per account_id, values as they came. Rows without a key and duplicates are left out.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with source as (

    select * from {{ source('raw', 'salesforce__customer_360_view') }}

),

duplicate_ids as (

    select account_id from {{ ref('base_salesforce__duplicate_account_ids') }}

),

duplicate_accounts as (

    select * from {{ ref('base_salesforce__duplicate_accounts') }}

)

select
    {%- for column in customer_health.present_salesforce_account_columns() %}
    source.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from source
left join duplicate_ids
    on trim(source.account_id) = duplicate_ids.account_id
where trim(source.account_id) <> ''
    and duplicate_ids.account_id is null

union all

select
    {%- for column in customer_health.present_salesforce_account_columns() %}
    {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from duplicate_accounts
where row_rank = 1
