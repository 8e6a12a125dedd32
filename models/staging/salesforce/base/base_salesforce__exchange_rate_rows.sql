-- Grain: one source row; rejection is NULL if it is accepted. Without the optional table there is none.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set table = source('exchange', 'exchange_rates') %}
{%- set kinds = customer_health.optional_source_columns(table) %}
{%- set columns = ['currency', 'rate_to_base', 'valid_from'] | select('in', kinds) | list %}

with source_rows as (

    {{ customer_health.optional_source_rows(table) | indent(4) }}

),

cleaned as (

    select
        upper({{ customer_health.clean_value('currency', 'key', kinds.get('currency')) }}) as currency,
        {{ customer_health.clean_value('rate_to_base', 'amount', kinds.get('rate_to_base')) }} as rate_to_base,
        {%- if 'valid_from' in kinds %}
        case
            when {{ customer_health.is_nothing('valid_from', kinds.valid_from) }} then cast('0001-01-01' as date)
            else {{ customer_health.cleaned_day('valid_from', kinds) }}
        end as valid_from,
        {%- else %}
        cast('0001-01-01' as date) as valid_from,
        {%- endif %}
        {{ customer_health.row_text('source_rows', columns) if columns else "''" }} as row_text
    from source_rows
    {{ customer_health.computed_once() }}

),

judged as (

    select
        cleaned.*,
        case
            when currency is null then 'missing_key'
            when valid_from is null then 'impossible_date'
            when coalesce(rate_to_base, 0) <= 0 then 'impossible_rate'
        end as flaw
    from cleaned
    {{ customer_health.computed_once() }}

),

ranked as (

    select
        judged.*,
        row_number() over (
            partition by currency, valid_from, flaw
            order by rate_to_base asc, {{ customer_health.byte_order('row_text') }}
        ) as place
    from judged

)

select
    currency,
    rate_to_base,
    valid_from,
    coalesce(flaw, case when place > 1 then 'duplicate_key' end) as rejection,
    case when flaw is not null or place > 1 then row_text end as rejected_text
from ranked
