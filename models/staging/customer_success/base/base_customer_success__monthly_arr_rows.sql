-- Grain: one source row; rejection is NULL if it is accepted. Of several rows of a customer and month the
-- one of the latest day is.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{%- set table = source('customer_success', 'customer_success__monthly_arr') %}
{%- set kinds = customer_health.source_columns(table) %}
{%- set columns = ['customer_id', 'month', 'arr', 'segment', 'industry'] | select('in', kinds) | list %}

with source_rows as (

    select written.* from {{ customer_health.source_rows(table) }} as written

),

cleaned as (

    select
        {{ customer_health.clean_value('customer_id', 'key', kinds.get('customer_id')) }} as customer_id,
        cast({{ customer_health.parsed_moment('month', 'timestamp', kinds.get('month', 'text')) }} as date) as day,
        {{ customer_health.clean_value('arr', 'amount', kinds.get('arr')) }} as arr,
        lower(replace(replace(
            {{ customer_health.clean_value('segment', 'text', kinds.get('segment')) }}, '_', '-'
        ), ' ', '-')) as segment,
        {{ customer_health.clean_value('industry', 'text', kinds.get('industry')) }} as industry,
        {{ 'arr' if 'arr' in kinds else 'cast(null as ' ~ customer_health.type_text() ~ ')' }} as source_arr,
        {{ customer_health.row_text('source_rows', columns) if columns else "''" }} as row_text
    from source_rows
    {{ customer_health.computed_once() }}

),

dated as (

    select
        cleaned.*,
        {{ customer_health.month_number('day') }} as month_number,
        case
            when customer_id is null then 'missing_key'
            when day is null or day < cast('1900-01-01' as date) then 'impossible_date'
            when {{ customer_health.month_number('day') }}
                > {{ customer_health.month_number(customer_health.as_of_date()) }}
                then 'after_as_of_date'
        end as flaw
    from cleaned
    {{ customer_health.computed_once() }}

),

ranked as (

    select
        dated.*,
        row_number() over (
            partition by customer_id, month_number, flaw
            order by
                day desc,
                arr desc nulls last,
                {{ customer_health.byte_order('segment') }} nulls last,
                {{ customer_health.byte_order('industry') }} nulls last,
                {{ customer_health.byte_order('row_text') }}
        ) as place
    from dated

)

select
    customer_id,
    day,
    month_number,
    {{ customer_health.to_decimal('arr') }} as arr,
    segment,
    industry,
    source_arr,
    coalesce(flaw, case when place > 1 then 'duplicate_key' end) as rejection,
    case when flaw is not null or place > 1 then row_text end as rejected_text
from ranked
