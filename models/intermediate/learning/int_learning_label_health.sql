-- Grain: one account on one label date whose outcome is known: its score then, and its rank on the date.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

with dates as (

    select
        as_of_date,
        history_on
    from {{ ref('int_learning_dates') }}
    where period <> 'open'

),

labels as (

    select * from {{ ref('outcome_labels') }}

),

history as (

    select
        dates.as_of_date,
        history.account_id,
        history.health_score,
        history.health_band
    from dates
    inner join {{ ref('account_health_history') }} as history
        on dates.history_on = history.as_of_date
    where history.policy = '{{ customer_health.active_policy().name }}'
        and history.health_score is not null

)

select
    labels.as_of_date,
    labels.account_id,
    labels.segment,
    labels.period,
    labels.is_churned,
    labels.churned_on,
    labels.days_to_churn,
    labels.outcome,
    labels.arr,
    labels.reason,
    history.health_score,
    history.health_band,
    history.health_band = '{{ customer_health.active_policy().bands[-1].band }}' as is_lowest_band,
    cast(rank() over (partition by labels.as_of_date order by history.health_score) as bigint) as risk_rank,
    count(*) over (partition by labels.as_of_date) as scored_count
from labels
inner join history
    on labels.as_of_date = history.as_of_date
    and labels.account_id = history.account_id
