-- Grain: one account that was in the lowest band on a label date and did not churn within the horizon.
-- noqa: disable=LT02
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

),

-- What spoke against a churn according to the scorecard. The score itself is what was wrong.
ranked_signals as (

    select
        false_labels.account_id,
        bins.signal,
        row_number() over (
            partition by false_labels.account_id
            order by bins.unusual_points asc, {{ customer_health.byte_order('bins.signal') }}
        ) as signal_rank
    from false_labels
    inner join {{ ref('int_account_scorecard_bins') }} as bins
        on false_labels.account_id = bins.account_id
        and false_labels.as_of_date = bins.as_of_date
    where bins.is_own_scope
        and bins.unusual_points < 0
        and bins.signal not in ('health_score', 'score_coverage')
        and false_labels.place = 1

),

signals as (

    select
        account_id
        {%- for rank in [1, 2, 3] %},
        max(case when signal_rank = {{ rank }} then signal end) as signal_{{ rank }}
        {%- endfor %}
    from ranked_signals
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
    churns.churned_on as churned_later_on,
    signals.signal_1,
    signals.signal_2,
    signals.signal_3
from false_labels
inner join label_counts
    on false_labels.account_id = label_counts.account_id
left join churns
    on false_labels.account_id = churns.account_id
left join signals
    on false_labels.account_id = signals.account_id
where false_labels.place = 1
