-- Grain: one source row; rejection is NULL if it is accepted. Without the optional table there is none.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

{%- set table = source('outcomes', 'account_outcomes') %}
{%- set kinds = customer_health.optional_source_columns(table) %}
{%- set columns = ['account_id', 'outcome_date', 'outcome', 'arr', 'reason'] | select('in', kinds) | list %}
{%- set text = customer_health.type_text() %}

with source_rows as (

    {{ customer_health.optional_source_rows(table) | indent(4) }}

),

cleaned as (

    select
        {{ customer_health.clean_value('account_id', 'key', kinds.get('account_id')) }} as account_id,
        {{ customer_health.cleaned_day('outcome_date', kinds) }} as outcome_date,
        lower({{ customer_health.clean_value('outcome', 'text', kinds.get('outcome')) }}) as outcome,
        {{ customer_health.clean_value('arr', 'amount', kinds.get('arr')) }} as arr,
        {{ customer_health.clean_value('reason', 'text', kinds.get('reason')) }} as reason,
        {{ 'arr' if 'arr' in kinds else 'cast(null as ' ~ text ~ ')' }} as source_arr,
        {{ customer_health.row_text('source_rows', columns) if columns else "''" }} as row_text
    from source_rows
    {{ customer_health.computed_once() }}

),

judged as (

    select
        cleaned.*,
        case
            when account_id is null then 'missing_key'
            when outcome_date is null or outcome_date < cast('1900-01-01' as date) then 'impossible_date'
            when outcome_date > {{ customer_health.as_of_date() }} then 'after_as_of_date'
            when coalesce(outcome, '') not in ('churned', 'renewed', 'contracted', 'expanded')
                then 'unknown_outcome'
        end as flaw
    from cleaned
    {{ customer_health.computed_once() }}

),

ranked as (

    select
        judged.*,
        row_number() over (
            partition by account_id, outcome_date, outcome, flaw
            order by
                arr desc nulls last,
                {{ customer_health.byte_order('reason') }} nulls last,
                {{ customer_health.byte_order('row_text') }}
        ) as place
    from judged

)

select
    account_id,
    outcome_date,
    outcome,
    {{ customer_health.to_decimal('arr') }} as arr,
    reason,
    source_arr,
    coalesce(flaw, case when place > 1 then 'duplicate_key' end) as rejection,
    case when flaw is not null or place > 1 then row_text end as rejected_text
from ranked
