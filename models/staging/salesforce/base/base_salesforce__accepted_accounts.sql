-- Grain: one source row per account_id, values as they came. Rows without a key and duplicates are left out.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set columns = customer_health.present_salesforce_account_columns() %}

with source as (

    select written.*
    from {{ customer_health.source_rows(source('raw', 'salesforce__customer_360_view')) }} as written

),

ids_set_aside as (

    select * from {{ ref('base_salesforce__account_ids_set_aside') }}

),

accounts_set_aside as (

    select * from {{ ref('base_salesforce__accounts_set_aside') }}

)

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
