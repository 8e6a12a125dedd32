-- Grain: one account, date (a label date or the current one) and signal; observed_on is never after the date.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set double = customer_health.type_double() %}
{%- set text = customer_health.type_text() %}
{%- set trajectory = customer_health.trajectory_settings() %}

{%- set learned = customer_health.learning_history_columns() + customer_health.learning_trend_columns() %}

with labels as (

    select
        labels.as_of_date,
        labels.account_id,
        dates.history_on,
        dates.signals_on
    from {{ ref('outcome_labels') }} as labels
    inner join {{ ref('int_learning_dates') }} as dates
        on labels.as_of_date = dates.as_of_date

),

{% if customer_health.learns_from_history() -%}
history as (

    select * from {{ ref('account_health_history') }}

),

slices as (

    select
        labels.as_of_date as label_date,
        history.*
    from labels
    inner join history
        on labels.account_id = history.account_id
        and labels.history_on = history.as_of_date

),

-- Only scores of the same policy can be compared.
before as (

    select
        slices.label_date,
        slices.account_id,
        slices.as_of_date as observed_on,
        cast(slices.health_score * cast(1000000 as decimal(7, 0)) as bigint) as score_now,
        {{ customer_health.days_between('history.as_of_date', 'slices.as_of_date') }} as days_before,
        cast(history.health_score * cast(1000000 as decimal(7, 0)) as bigint) as score
    from slices
    inner join history
        on slices.account_id = history.account_id
        and slices.policy = history.policy
        and slices.policy_version = history.policy_version
        and slices.as_of_date >= history.as_of_date
    where slices.health_score is not null
        and history.health_score is not null
        and {{ customer_health.days_between('history.as_of_date', 'slices.as_of_date') }}
        <= {{ [settings.change_days | max + settings.tolerance_days, trajectory.window_days] | max | int }}
    {{ customer_health.computed_once() }}

),

trends as (

    select
        label_date,
        account_id,
        observed_on,
        max(score_now) as score_now,
        max(case when days_before <= {{ trajectory.window_days }} then days_before end) as span_days,
        {%- for days in settings.change_days %}
        min(
            case
                when days_before between {{ days | int }} and {{ (days + settings.tolerance_days) | int }}
                    then days_before * 1000000000 + score
            end
        ) % 1000000000 as score_before_{{ days | int }}d,
        {%- endfor %}
        {{- customer_health.slope_sums(
            'trend', 'days_before <= ' ~ trajectory.window_days, 'days_before', 'score'
        ) }}
    from before
    group by label_date, account_id, observed_on

),

trend_values as (

    select
        label_date,
        account_id,
        observed_on,
        {%- for days in settings.change_days %}
        cast(score_now - score_before_{{ days | int }}d as {{ double }}) / 1000000 as score_change_{{ days | int }}d,
        {%- endfor %}
        case
            when trend_count >= {{ trajectory.min_slices | int }} and span_days >= {{ trajectory.min_span_days | int }}
                then cast({{ customer_health.slope_per_week('trend') }} as {{ double }}) / 1000000
        end as score_slope
    from trends
    {{ customer_health.computed_once() }}

),

{% endif -%}
signal_rows as (
    {%- if customer_health.learns_from_history() %}
    {%- for column in customer_health.learning_history_columns() %}

    select
        label_date as as_of_date,
        account_id,
        cast('{{ column }}' as {{ text }}) as signal,
        cast({{ column }} as {{ double }}) as value,
        as_of_date as observed_on
    from slices

    union all
    {%- endfor %}
    {%- for column in customer_health.learning_trend_columns() %}

    select
        label_date as as_of_date,
        account_id,
        cast('{{ column }}' as {{ text }}) as signal,
        {{ column }} as value,
        observed_on
    from trend_values
    {{ 'union all' if not loop.last or settings.signals_from == 'both' }}
    {%- endfor %}
    {%- endif %}
    {%- if settings.signals_from != 'history' %}

    -- Of several rows of a key the highest value counts.
    select
        labels.as_of_date,
        labels.account_id,
        signals.signal,
        max(signals.value) as value,
        labels.signals_on as observed_on
    from labels
    inner join {{ ref('stg_learning__account_signals') }} as signals
        on labels.account_id = signals.account_id
        and labels.signals_on = signals.as_of_date
    {%- if settings.signals_from == 'both' %}
    where signals.signal not in (
        '{{ learned | join("', '") }}'
    )
    {%- endif %}
    group by labels.as_of_date, labels.account_id, labels.signals_on, signals.signal
    {%- endif %}

)

select
    as_of_date,
    account_id,
    signal,
    value,
    observed_on
from signal_rows
