-- Grain: one source row of an account_id that occurs more than once; row_rank 1 is the one to keep.
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

    select * from {{ source_table }}

),

duplicate_ids as (

    select account_id from {{ ref('base_salesforce__duplicate_account_ids') }}

)

select
    {%- for column in columns %}
    source.{{ column }},
    {%- endfor %}
    {{ customer_health.row_text('source', columns) }} as row_text,
    -- A total order: the most complete row, then the most recent activity, then every other column.
    row_number() over (
        partition by duplicate_ids.account_id
        order by
            {{ completeness }} desc nulls last,
            {{ recency }} asc nulls last
            {%- for column, rule in columns.items() if column not in preferred %},
            {{ customer_health.clean_value('source.' ~ column, rule, kinds[column]) }} asc nulls last
            {%- endfor %}
    ) as row_rank
from source
inner join duplicate_ids
    on trim(source.account_id) = duplicate_ids.account_id
