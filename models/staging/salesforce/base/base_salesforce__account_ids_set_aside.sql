-- Grain: one account_id, as the source writes it, that is blank or that names more than one row. What the CRM has
-- deleted does not count.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set source_table = source('raw', 'salesforce__customer_360_view') %}
{%- set kinds = customer_health.source_columns(source_table) %}
{%- set key = customer_health.source_key('source.account_id', 'account_id', kinds.get('account_id', 'text')) %}
{%- set id = 'coalesce(' ~ key ~ ", '')" %}

with source as (

    select written.*
    from {{ customer_health.source_rows(source_table) }} as written
    where not {{ customer_health.is_deleted_row('written', kinds) }}

),

-- Counting 64-bit hashes first takes a fraction of the memory of counting the ids themselves.
candidate_hashes as (

    select {{ customer_health.text_hash(id) }} as id_hash
    from source
    where source.account_id is not null
    group by {{ customer_health.text_hash(id) }}
    having count(*) > 1 or {{ customer_health.text_hash(id) }} = {{ customer_health.text_hash("''") }}

),

counted as (

    select
        source.account_id as source_account_id,
        {{ key }} as account_id,
        count(*) as row_count
    from source
    inner join candidate_hashes
        on {{ customer_health.text_hash(id) }} = candidate_hashes.id_hash
    where source.account_id is not null
    group by source.account_id

),

-- One id may be written in several ways.
summed as (

    select
        source_account_id,
        account_id,
        sum(row_count) over (partition by account_id) as row_count
    from counted

)

select
    source_account_id,
    account_id,
    cast(row_count as bigint) as row_count
from summed
where
    account_id is null
    or row_count > 1
