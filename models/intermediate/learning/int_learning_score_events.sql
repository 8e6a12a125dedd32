-- Grain: one score and period: its labels, and the churns that they foretell, each counted once.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

with scores as (

    select * from {{ ref('int_learning_scores') }}

),

label_counts as (

    select
        score,
        period,
        count(*) as label_count,
        count(case when is_churned then 1 end) as churned_count,
        count(case when not is_churned then 1 end) as other_count
    from scores
    group by score, period

),

-- The labels of several dates foretell the same churn.
events as (

    select distinct
        score,
        period,
        account_id,
        churned_on
    from scores
    where is_churned

),

event_counts as (

    select
        score,
        period,
        count(*) as event_count
    from events
    group by score, period

)

select
    label_counts.score,
    label_counts.period,
    label_counts.label_count,
    label_counts.churned_count,
    label_counts.other_count,
    coalesce(event_counts.event_count, 0) as event_count,
    case
        when label_counts.period = 'current' then 'too recent'
        when coalesce(event_counts.event_count, 0) < {{ customer_health.learning_settings().min_events }}
            then 'insufficient outcomes'
        when label_counts.other_count = 0 then 'only churned'
        else 'measured'
    end as status
from label_counts
left join event_counts
    on label_counts.score = event_counts.score
    and label_counts.period = event_counts.period
