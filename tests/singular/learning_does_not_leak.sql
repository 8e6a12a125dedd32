-- Nothing that was only known later: no signal from after its date, none that differs from what its source
-- says of the day it was observed, and no training label whose horizon reaches into the test period.
-- noqa: disable=LT02,LT05,ST05
{{ config(enabled=customer_health.subject_is_built('learning'), group='customer_health') }}

{%- set settings = customer_health.learning_settings() %}
{%- set text = customer_health.type_text() %}
{%- set learned = customer_health.learning_history_columns() + customer_health.learning_trend_columns() %}

select
    cast('observed after its date' as {{ text }}) as leak,
    account_id || ' ' || signal as row_key,
    as_of_date
from {{ ref('int_learning_signals') }}
where observed_on > as_of_date
    or observed_on is null

union all

select
    cast('training reaches into the test' as {{ text }}) as leak,
    labels.account_id as row_key,
    labels.as_of_date
from {{ ref('outcome_labels') }} as labels
cross join (
    select min(as_of_date) as test_from
    from {{ ref('outcome_labels') }}
    where period = 'test'
) as tests
where labels.period = 'train'
    and {{ customer_health.add_days('labels.as_of_date', settings.horizon_days | int) }} > tests.test_from

union all

select
    cast('churned outside the horizon' as {{ text }}) as leak,
    account_id as row_key,
    as_of_date
from {{ ref('outcome_labels') }}
where days_to_churn not between 1 and {{ settings.horizon_days | int }}
{%- if customer_health.learns_from_history() %}

union all

select
    cast('score of another day' as {{ text }}) as leak,
    signals.account_id as row_key,
    signals.as_of_date
from {{ ref('int_learning_signals') }} as signals
left join {{ ref('account_health_history') }} as history
    on signals.account_id = history.account_id
    and signals.observed_on = history.as_of_date
where signals.signal = 'health_score'
    and coalesce(signals.value, -1) <> coalesce(cast(history.health_score as {{ customer_health.type_double() }}), -1)
{%- endif %}
{%- if settings.signals_from != 'history' %}

union all

select
    cast('value of another day' as {{ text }}) as leak,
    signals.account_id || ' ' || signals.signal as row_key,
    signals.as_of_date
from {{ ref('int_learning_signals') }} as signals
left join (
    select
        account_id,
        as_of_date,
        signal,
        max(value) as value
    from {{ ref('stg_learning__account_signals') }}
    group by account_id, as_of_date, signal
) as given
    on signals.account_id = given.account_id
    and signals.observed_on = given.as_of_date
    and signals.signal = given.signal
where signals.signal not in (
        'none'{% if customer_health.learns_from_history() %},
        '{{ learned | join("',\n        '") }}'
        {%- endif %}
    )
    and (
        given.account_id is null
        or signals.value <> given.value
        or (signals.value is null) <> (given.value is null)
    )
{%- endif %}
