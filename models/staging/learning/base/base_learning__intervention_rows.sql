-- Grain: one source row of the interventions; rejection is NULL if it is accepted. Empty without the table.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set table = source('learning', 'account_interventions') %}
{%- set kinds = customer_health.optional_source_columns(table) %}
{%- set names = ['account_id', 'started_on', 'play', 'scenario', 'is_hold_out', 'outcome'] %}
{%- set columns = names | select('in', kinds) | list %}

with source_rows as (

    {{ customer_health.optional_source_rows(table) | indent(4) }}

),

cleaned as (

    select
        {{ customer_health.clean_value('account_id', 'key', kinds.get('account_id')) }} as account_id,
        {{ customer_health.cleaned_day('started_on', kinds) }} as started_on,
        {{ customer_health.clean_value('play', 'text', kinds.get('play')) }} as play,
        {{ customer_health.clean_value('scenario', 'text', kinds.get('scenario')) }} as scenario,
        {{ customer_health.clean_value('is_hold_out', 'flag', kinds.get('is_hold_out')) }} as hold_out_flag,
        {% if 'is_hold_out' in kinds -%}
        {{ customer_health.is_refused('is_hold_out', 'flag', kinds.is_hold_out) }}
        {%- else -%}
        false
        {%- endif %} as is_flag_refused,
        lower({{ customer_health.clean_value('outcome', 'text', kinds.get('outcome')) }}) as outcome,
        {{ customer_health.row_text('source_rows', columns) if columns else "''" }} as row_text
    from source_rows
    {{ customer_health.computed_once() }}

),

judged as (

    select
        cleaned.*,
        case
            when account_id is null or play is null then 'missing_key'
            when started_on is null or started_on < cast('1900-01-01' as date) then 'impossible_date'
            when started_on > {{ customer_health.as_of_date() }} then 'after_as_of_date'
            when is_flag_refused then 'not_a_flag'
            when outcome not in ('saved', 'lost') then 'unknown_outcome'
        end as flaw
    from cleaned
    {{ customer_health.computed_once() }}

),

-- Of rows that contradict each other the one that claims less is kept.
ranked as (

    select
        judged.*,
        row_number() over (
            partition by account_id, started_on, play, scenario, coalesce(hold_out_flag, 0), flaw
            order by
                {{ customer_health.byte_order('outcome') }} nulls last,
                {{ customer_health.byte_order('row_text') }}
        ) as place
    from judged

)

select
    account_id,
    started_on,
    play,
    scenario,
    coalesce(hold_out_flag, 0) = 1 as is_hold_out,
    outcome,
    coalesce(flaw, case when place > 1 then 'duplicate_key' end) as rejection,
    case when flaw is not null or place > 1 then row_text end as rejected_text
from ranked
