-- Grain: one churned account that was not in the lowest band on the first label date that reached its churn.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set horizon_days = customer_health.learning_settings().horizon_days %}

with labels as (

    select
        label_health.*,
        row_number() over (partition by account_id order by as_of_date) as place
    from {{ ref('int_learning_label_health') }} as label_health
    where is_churned

),

missed as (

    select * from labels
    where place = 1
        and not is_lowest_band

),

alerts as (

    select
        missed.account_id,
        min(alert_history.opened_on) as first_alert_on
    from missed
    inner join {{ ref('alert_history') }} as alert_history
        on missed.account_id = alert_history.account_id
        and {{ customer_health.days_between('alert_history.opened_on', 'missed.churned_on') }}
        between 1 and {{ horizon_days }}
    group by missed.account_id

),

later_labels as (

    select
        account_id,
        min(case when is_lowest_band then as_of_date end) as first_low_on
    from labels
    group by account_id

),

-- What spoke for a churn according to the scorecard. The score itself cannot weigh more in the score.
ranked_signals as (

    select
        missed.account_id,
        bins.signal,
        row_number() over (
            partition by missed.account_id
            order by bins.unusual_points desc, {{ customer_health.byte_order('bins.signal') }}
        ) as signal_rank
    from missed
    inner join {{ ref('int_account_scorecard_bins') }} as bins
        on missed.account_id = bins.account_id
        and missed.as_of_date = bins.as_of_date
    where bins.is_own_scope
        and bins.unusual_points > 0
        and bins.signal not in ('health_score', 'score_coverage')

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
    missed.account_id,
    missed.segment,
    missed.churned_on,
    missed.as_of_date,
    missed.days_to_churn,
    missed.health_score,
    missed.health_band,
    missed.risk_rank,
    missed.scored_count,
    missed.arr,
    missed.reason,
    later_labels.first_low_on,
    alerts.first_alert_on,
    {{ customer_health.days_between('alerts.first_alert_on', 'missed.churned_on') }} as lead_days,
    signals.signal_1,
    signals.signal_2,
    signals.signal_3
from missed
inner join later_labels
    on missed.account_id = later_labels.account_id
left join alerts
    on missed.account_id = alerts.account_id
left join signals
    on missed.account_id = signals.account_id
