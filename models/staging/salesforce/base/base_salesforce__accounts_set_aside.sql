-- Grain: one source row without an account_id, of an account_id that names more than one row, or of an account that
-- the CRM has deleted. row_rank 1 is the row to keep among those of one account_id; deleted rows have none.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set source_table = source('raw', 'salesforce__customer_360_view') %}
{%- set kinds = customer_health.source_columns(source_table) %}
{%- set columns = customer_health.present_salesforce_account_columns() %}
{%- set preferred = ['data_completeness_score', 'days_since_last_activity'] %}
{%- set completeness = customer_health.clean_value(
    'source.data_completeness_score', 'score', kinds.get('data_completeness_score')
) %}
{%- set recency = customer_health.clean_value(
    'source.days_since_last_activity', 'count', kinds.get('days_since_last_activity')
) %}

with source as (

    select
        written.*,
        {{ customer_health.is_deleted_row('written', kinds) }} as is_deleted_row
    from {{ customer_health.source_rows(source_table) }} as written

),

ids_set_aside as (

    select * from {{ ref('base_salesforce__account_ids_set_aside') }}

)

select
    {%- for column in columns %}
    source.{{ column }},
    {%- endfor %}
    {{ customer_health.row_text('source', columns) }} as row_text,
    source.is_deleted_row,
    {{ customer_health.source_key('source.account_id', 'account_id', kinds.get('account_id', 'text')) }} as key,
    -- A total order: the most complete row, the most recent activity, every other column, values as they came.
    case
        when ids_set_aside.account_id is not null and not source.is_deleted_row
            then row_number() over (
                partition by ids_set_aside.account_id
                order by
                    case when source.is_deleted_row then 1 else 0 end,
                    {{ completeness }} desc nulls last,
                    {{ recency }} asc nulls last
                    {%- for column, rule in columns.items() if column not in preferred %},
                    {%- set cleaned = customer_health.clean_value('source.' ~ column, rule, kinds[column]) %}
                    {{ customer_health.byte_order(cleaned)
                        if rule in ['text', 'key', 'industry', 'size_segment'] else cleaned }}
                        asc nulls last
                    {%- endfor %},
                    {{ customer_health.order_as_they_came('source', columns, kinds) | join(',\n                    ') }}
            )
    end as row_rank
from source
left join ids_set_aside
    on source.account_id = ids_set_aside.source_account_id
where source.account_id is null
    or ids_set_aside.source_account_id is not null
    or source.is_deleted_row
