-- Grain: one source row; rejection is NULL if it is accepted. Without the optional table there is none.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set table = source('learning', 'account_signals') %}
{%- set kinds = customer_health.optional_source_columns(table) %}
{%- set columns = ['account_id', 'as_of_date', 'signal', 'value', 'segment'] | select('in', kinds) | list %}

with source_rows as (

    {{ customer_health.optional_source_rows(table) | indent(4) }}

),

cleaned as (

    select
        {{ customer_health.clean_value('account_id', 'key', kinds.get('account_id')) }} as account_id,
        {{ customer_health.cleaned_day('as_of_date', kinds) }} as as_of_date,
        {{ customer_health.clean_value('signal', 'text', kinds.get('signal')) }} as signal,
        cast({{ customer_health.clean_value('value', 'signed_amount', kinds.get('value')) }}
            as {{ customer_health.type_double() }}) as value,
        {{ customer_health.clean_value('segment', 'text', kinds.get('segment')) }} as segment,
        {{ customer_health.row_text('source_rows', columns) if columns else "''" }} as row_text
    from source_rows

)

select
    account_id,
    as_of_date,
    signal,
    value,
    segment,
    case
        when account_id is null or signal is null then 'missing_key'
        when as_of_date is null or as_of_date < cast('1900-01-01' as date) then 'impossible_date'
        when as_of_date > {{ customer_health.as_of_date() }} then 'after_as_of_date'
    end as rejection,
    row_text
from cleaned
