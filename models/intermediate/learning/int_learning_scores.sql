-- Grain: one score of one account on one label date of the training or test period, or on the current date.
-- risk: whole millionths, the higher the riskier. probability: of a score that is one, likewise.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set text = customer_health.type_text() %}

with dates as (

    select * from {{ ref('int_learning_dates') }}

),

labels as (

    select
        as_of_date,
        account_id,
        period,
        is_churned,
        churned_on,
        arr
    from {{ ref('outcome_labels') }}

),

-- Scores of another policy are no earlier values of this one.
history as (

    select
        dates.as_of_date,
        history.account_id,
        cast(history.health_score * cast(1000000 as decimal(7, 0)) as bigint) as score_millionths
    from dates
    inner join {{ ref('account_health_history') }} as history
        on dates.history_on = history.as_of_date
    where history.policy = '{{ customer_health.active_policy().name }}'
        and history.health_score is not null

),

-- Whole millionths of risk: points below 100 of the health score, and the probability itself.
score_values as (

    select
        cast('health_score' as {{ text }}) as score,
        as_of_date,
        account_id,
        100000000 - score_millionths as risk,
        cast(null as bigint) as probability
    from history

    union all

    select
        cast('churn_probability' as {{ text }}) as score,
        as_of_date,
        account_id,
        cast(churn_probability * cast(1000000 as decimal(7, 0)) as bigint) as risk,
        cast(churn_probability * cast(1000000 as decimal(7, 0)) as bigint) as probability
    from {{ ref('int_churn_probabilities') }}

)

select
    score_values.score,
    labels.period,
    labels.as_of_date,
    labels.account_id,
    score_values.risk,
    score_values.probability,
    labels.is_churned,
    labels.churned_on,
    labels.arr
from labels
inner join score_values
    on labels.as_of_date = score_values.as_of_date
    and labels.account_id = score_values.account_id
where labels.period in ('train', 'test')

union all

select
    score_values.score,
    cast('current' as {{ text }}) as period,
    labels.as_of_date,
    labels.account_id,
    score_values.risk,
    score_values.probability,
    cast(null as boolean) as is_churned,
    cast(null as date) as churned_on,
    cast(null as decimal(28, 6)) as arr
from labels
inner join score_values
    on labels.as_of_date = score_values.as_of_date
    and labels.account_id = score_values.account_id
inner join dates
    on labels.as_of_date = dates.as_of_date
where dates.is_current
