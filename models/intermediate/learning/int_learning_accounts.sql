-- Grain: one account on one label date or on the current date, whatever became of it.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set text = customer_health.type_text() %}

with dates as (

    select * from {{ ref('int_learning_dates') }}

),

found as (
    {%- if customer_health.learns_from_history() %}

    select
        dates.as_of_date,
        history.account_id,
        {{ 'history.' ~ settings.segment_column if settings.segment_column else 'cast(null as ' ~ text ~ ')' }}
            as segment,
        history.policy,
        history.policy_version
    from dates
    inner join {{ ref('account_health_history') }} as history
        on dates.history_on = history.as_of_date
    {%- endif %}
    {%- if settings.signals_from == 'both' %}

    union all
    {%- endif %}
    {%- if settings.signals_from != 'history' %}

    select
        dates.as_of_date,
        signals.account_id,
        max(signals.segment) as segment,
        cast(null as {{ text }}) as policy,
        cast(null as {{ text }}) as policy_version
    from dates
    inner join {{ ref('stg_learning__account_signals') }} as signals
        on dates.signals_on = signals.as_of_date
    group by dates.as_of_date, signals.account_id
    {%- endif %}

)

select
    as_of_date,
    account_id,
    coalesce(max(segment), 'Unknown') as segment,
    max(policy) as policy,
    max(policy_version) as policy_version
from found
group by as_of_date, account_id
