-- Grain: one source row per account_id, values as they came. Rows without a key, duplicates and what the CRM has
-- deleted are left out. rate_to_base, where the rows name a currency, turns their amounts into the base currency.
-- depends_on: {{ ref('stg_salesforce__exchange_rates') }}
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set source_table = source('raw', 'salesforce__customer_360_view') %}
{%- set kinds = customer_health.source_columns(source_table) %}
{%- set columns = customer_health.present_salesforce_account_columns() %}

with source as (

    select written.*
    from {{ customer_health.source_rows(source_table) }} as written
    where not {{ customer_health.is_deleted_row('written', kinds) }}

),

ids_set_aside as (

    select * from {{ ref('base_salesforce__account_ids_set_aside') }}

),

accounts_set_aside as (

    select * from {{ ref('base_salesforce__accounts_set_aside') }}

),

kept as (

    select
        {%- for column in columns %}
        source.{{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from source
    left join ids_set_aside
        on source.account_id = ids_set_aside.source_account_id
    where source.account_id is not null
        and ids_set_aside.source_account_id is null

    union all

    select
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from accounts_set_aside
    where row_rank = 1

)

select kept.*
    {%- if 'currency_iso_code' in kinds %},
    {{ customer_health.rate_to_base('kept', kinds) }} as rate_to_base
    {%- endif %}
from kept
{{ customer_health.join_rates('kept', kinds, customer_health.as_of_date()) }}
