-- Grain: one signal of one account on as_of_date. A view over the stored wide rows.
-- Each signal reads its own columns of the table: a CTE that all of them read would be held in memory as a whole.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('trajectory'), materialized='view') }}

{%- set signals = customer_health.built_signals() %}
{%- set text = customer_health.type_text() %}
{%- set current_slice_date = customer_health.current_slice_date() %}

with listed as (
    {% for signal in signals %}
    select
        as_of_date,
        account_id,
        '{{ signal.signal }}' as signal_id,
        '{{ signal.family }}' as family,
        {{ signal.signal }}__state as state,
        {{ signal.signal }}__value as value,
        {{ signal.signal ~ '__text' if signal.kind == 'label' else 'cast(null as ' ~ text ~ ')' }} as value_text,
        {{ signal.signal ~ '__observed_on' if signal.dated_by is not none else 'as_of_date' }} as observed_on
    from {{ ref('int_account_signals') }}
    where as_of_date = {{ current_slice_date }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    as_of_date,
    account_id,
    signal_id,
    family,
    state,
    {{ customer_health.to_decimal('value') }} as value,
    value_text,
    case when state not in ('not_applicable', 'unknown') then observed_on end as observed_on
from listed
