-- Grain: one part of a score's labels in one period, 1 the riskiest; equal values are in one part.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

with score_values as (

    select * from {{ ref('int_learning_score_values') }}
    where period <> 'current'

),

ranks as (

    select * from {{ ref('int_learning_score_ranks') }}

),

events as (

    select * from {{ ref('int_learning_score_events') }}

),

parts as (

    select
        score_values.score,
        score_values.period,
        ranks.part,
        min(score_values.risk) as lowest_risk,
        max(score_values.risk) as highest_risk,
        cast(sum(score_values.label_count) as bigint) as label_count,
        cast(sum(score_values.churned_count) as bigint) as churned_count,
        cast(sum(score_values.arr) as decimal(28, 6)) as arr,
        cast(sum(score_values.churned_arr) as decimal(28, 6)) as churned_arr,
        -- Known for all values of a score and period, or for none.
        cast(sum(score_values.probability * score_values.label_count) as bigint) as expected
    from score_values
    inner join ranks
        on score_values.score = ranks.score
        and score_values.period = ranks.period
        and score_values.risk = ranks.risk
    group by score_values.score, score_values.period, ranks.part

),

cumulated as (

    select
        parts.*,
        events.status,
        events.label_count as period_label_count,
        events.churned_count as period_churned_count,
        cast(sum(parts.churned_count) over (
            partition by parts.score, parts.period
            order by parts.part
            rows between unbounded preceding and current row
        ) as bigint) as churned_so_far
    from parts
    inner join events
        on parts.score = events.score
        and parts.period = events.period
    {{ customer_health.computed_once() }}

)

{%- set measured = "case when status = 'measured' then {} end" %}

select
    score,
    period,
    part,
    status,
    {{ customer_health.points_from_millionths(
        "case score when 'health_score' then 100000000 - highest_risk else lowest_risk end"
    ) }} as lowest_value,
    {{ customer_health.points_from_millionths(
        "case score when 'health_score' then 100000000 - lowest_risk else highest_risk end"
    ) }} as highest_value,
    label_count,
    churned_count,
    arr,
    churned_arr,
    {{ customer_health.to_decimal(
        measured.format(customer_health.safe_divide('churned_count', 'label_count')), 9
    ) }} as churn_share,
    {{ customer_health.to_decimal(
        measured.format(customer_health.wilson_bound('churned_count', 'label_count', -1)), 9
    ) }} as churn_share_lower,
    {{ customer_health.to_decimal(
        measured.format(customer_health.wilson_bound('churned_count', 'label_count', 1)), 9
    ) }} as churn_share_upper,
    {{ customer_health.to_decimal(
        measured.format(customer_health.safe_divide('expected', '1000000 * label_count')), 9
    ) }} as expected_share,
    {{ customer_health.to_decimal(
        measured.format(customer_health.safe_divide(
            'churned_count * period_label_count', 'label_count * period_churned_count'
        ))
    ) }} as lift,
    {{ customer_health.to_decimal(
        measured.format(customer_health.safe_divide('churned_so_far', 'period_churned_count')), 9
    ) }} as cumulative_recall
from cumulated
