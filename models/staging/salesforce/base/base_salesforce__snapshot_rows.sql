-- Grain: one source row of the dated snapshots that this run scores, values as they came. row_rank 1 is the
-- row to keep among those of one account and date; NULL without an account_id, and for an account that the CRM had
-- deleted. rate_to_base as in base_salesforce__accepted_accounts. Empty on a normal day.
-- depends_on: {{ ref('stg_salesforce__exchange_rates') }}
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('trajectory'), materialized='table') }}

{%- set source_table = source('history', 'salesforce__customer_360_history') %}
{%- set days = customer_health.slices().snapshots_to_score %}
{%- set kinds = customer_health.snapshot_columns() %}
{%- set columns = customer_health.present_snapshot_columns() %}
{%- set preferred = ['data_completeness_score', 'days_since_last_activity'] %}
{%- set completeness = customer_health.clean_value(preferred[0], 'score', kinds.get(preferred[0])) %}
{%- set recency = customer_health.clean_value(preferred[1], 'count', kinds.get(preferred[1])) %}

{% if days -%}
with dated as (

    select
        source_rows.*,
        {{ customer_health.snapshot_date(source_table) }} as snapshot_date,
        {{ customer_health.source_key('account_id', 'account_id', kinds.account_id) }} as key,
        {{ customer_health.is_deleted_row('source_rows', kinds) }} as is_deleted_row
    from {{ customer_health.source_rows(source_table) }} as source_rows
    where {{ customer_health.snapshot_date(source_table) }} in ({{ customer_health.date_literals(days) }})

),

counted as (

    select
        dated.*,
        count(*) over (partition by snapshot_date, key, is_deleted_row) as row_count
    from dated

),

-- Few accounts are there twice: only these are sorted by all columns.
repeated as (

    select
        counted.*,
        row_number() over (
            partition by snapshot_date, key
            order by
                {{ completeness }}
                    desc nulls last,
                {{ recency }}
                    asc nulls last
                {%- for column, rule in columns.items() if column not in preferred %},
                {%- set cleaned = customer_health.clean_value(column, rule, kinds[column]) %}
                {{ customer_health.byte_order(cleaned)
                    if rule in ['text', 'key', 'industry', 'size_segment'] else cleaned }}
                    asc nulls last
                {%- endfor %},
                {{ customer_health.order_as_they_came('counted', columns, kinds) | join(',\n                ') }}
        ) as row_rank
    from counted
    where row_count > 1
        and key is not null
        and not is_deleted_row

),

ranked as (

    select
        counted.*,
        case when key is not null and not is_deleted_row then cast(1 as bigint) end as row_rank
    from counted
    where row_count = 1
        or key is null
        or is_deleted_row
    union all
    select * from repeated

)

select
    snapshot_date as as_of_date,
    key,
    cast(row_rank as bigint) as row_rank,
    is_deleted_row,
    case
        when row_rank is null or row_rank > 1
            then {{ customer_health.row_text('ranked', ['as_of_date'] + columns.keys() | list) }}
    end as row_text
    {%- for column in columns %},
    ranked.{{ column }}
    {%- endfor %}
    {%- if 'currency_iso_code' in kinds %},
    {{ customer_health.rate_to_base('ranked', kinds) }} as rate_to_base
    {%- endif %}
from ranked
{{ customer_health.join_rates('ranked', kinds, 'ranked.snapshot_date') }}
{%- else -%}
select
    cast(null as date) as as_of_date,
    cast(null as {{ customer_health.type_text() }}) as key,
    cast(null as bigint) as row_rank,
    false as is_deleted_row,
    cast(null as {{ customer_health.type_text() }}) as row_text
    {%- for column, rule in columns.items() %},
    {{ customer_health.clean_value(column, rule, none) }} as {{ column }}
    {%- endfor %}
where false
{%- endif %}
