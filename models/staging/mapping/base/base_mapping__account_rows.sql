-- Grain: one source row of the mapping; rejection is NULL if it is accepted. Empty without the table.
-- noqa: disable=LT02
{{ config(enabled=customer_health.signals_are_built(), materialized='table') }}

{%- set table = source('mapping', 'account_mapping') %}
{%- set text = customer_health.type_text() %}
{% if not customer_health.optional_source_exists(table) -%}
{{ customer_health.rows_as_table({
    'account_id': text, 'customer_id': text, 'primary_email': text, 'rejection': text, 'rejected_text': text,
}, []) }}
{%- else -%}
{%- set kinds = customer_health.source_columns(table) %}
{%- set columns = ['account_id', 'customer_id', 'primary_email'] | select('in', kinds) | list %}
with source_rows as (

    select * from {{ table }}

),

cleaned as (

    select
        {{ customer_health.clean_value('account_id', 'key', kinds.get('account_id')) }} as account_id,
        {{ customer_health.clean_value('customer_id', 'key', kinds.get('customer_id')) }} as customer_id,
        {{ customer_health.as_personal_data(
            'lower(' ~ customer_health.clean_value('primary_email', 'key', kinds.get('primary_email')) ~ ')', 'primary_email'
        ) }} as primary_email,
        {{ customer_health.row_text('source_rows', columns) if columns else "''" }} as row_text
    from source_rows
    {{ customer_health.computed_once() }}

),

ranked as (

    select
        cleaned.*,
        row_number() over (
            partition by account_id, customer_id, primary_email
            order by {{ customer_health.byte_order('row_text') }}
        ) as place
    from cleaned

),

judged as (

    select
        ranked.*,
        case
            when account_id is null or (customer_id is null and primary_email is null) then 'missing_key'
            when place > 1 then 'duplicate_key'
        end as rejection
    from ranked
    {{ customer_health.computed_once() }}

)

select
    account_id,
    customer_id,
    primary_email,
    rejection,
    case when rejection is not null then row_text end as rejected_text
from judged
{%- endif %}
