-- Grain: one part of a score's training labels: its bounds of risk, and the churn rate that is expected of it.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set smoothing = customer_health.double(customer_health.learning_settings().smoothing) %}

with ranks as (

    select
        score,
        risk,
        part
    from {{ ref('int_learning_score_ranks') }}
    where period = 'train'

),

scores as (

    select * from {{ ref('int_learning_scores') }}
    where period = 'train'

),

events as (

    select * from {{ ref('int_learning_score_events') }}
    where period = 'train'

),

parts as (

    select
        scores.score,
        ranks.part,
        min(scores.risk) as lowest_risk,
        count(*) as label_count,
        count(case when scores.is_churned then 1 end) as churned_count
    from scores
    inner join ranks
        on scores.score = ranks.score
        and scores.risk = ranks.risk
    group by scores.score, ranks.part
    {{ customer_health.computed_once() }}

),

-- Of a value between two parts the safer one is right; beyond the ends the outermost ones are.
bounded as (

    select
        score,
        part,
        label_count,
        churned_count,
        case
            when part = max(part) over (partition by score) then -1
            else lowest_risk
        end as risk_from,
        coalesce(lag(lowest_risk) over (partition by score order by part), 1000000000) as risk_below
    from parts

)

select
    bounded.score,
    bounded.part,
    bounded.label_count,
    bounded.churned_count,
    cast(bounded.risk_from as bigint) as risk_from,
    cast(bounded.risk_below as bigint) as risk_below,
    case
        when events.status = 'measured'
            then cast({{ customer_health.to_millionths(
                '(bounded.churned_count + ' ~ smoothing ~ ') / (bounded.label_count + 2 * ' ~ smoothing ~ ')'
            ) }} as bigint)
    end as probability
from bounded
inner join events
    on bounded.score = events.score
