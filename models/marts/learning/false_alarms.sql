-- Grain: one account that was in the lowest band on a label date and did not churn within the horizon.
{{ config(enabled=customer_health.subject_is_built('learning')) }}

with labels as (

    select * from {{ ref('int_learning_label_health') }}

),

churns as (

    select
        account_id,
        min(outcome_date) as churned_on
    from {{ ref('stg_outcomes__account_outcomes') }}
    where outcome = 'churned'
    group by account_id

),

false_labels as (

    select
        labels.*,
        count(*) over (partition by account_id) as alarm_count,
        min(as_of_date) over (partition by account_id) as first_alarm_on,
        row_number() over (partition by account_id order by as_of_date desc) as place
    from labels
    where is_lowest_band
        and not is_churned

),

label_counts as (

    select
        account_id,
        count(*) as label_count
    from labels
    group by account_id

)

select
    false_labels.account_id,
    false_labels.segment,
    false_labels.first_alarm_on,
    false_labels.as_of_date,
    false_labels.alarm_count,
    label_counts.label_count,
    false_labels.health_score,
    false_labels.risk_rank,
    false_labels.scored_count,
    false_labels.outcome,
    churns.churned_on as churned_later_on
from false_labels
inner join label_counts
    on false_labels.account_id = label_counts.account_id
left join churns
    on false_labels.account_id = churns.account_id
where false_labels.place = 1
