-- Grain: one value of a score on one label date: its labels, and how many of the date have a higher risk.
-- A score that is no probability gets the churn rate of the training labels in whose part it falls.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

with value_counts as (

    select
        score,
        period,
        as_of_date,
        risk,
        max(probability) as own_probability,
        count(*) as value_count,
        count(case when is_churned then 1 end) as churned_count,
        sum(coalesce(arr, 0)) as arr,
        sum(case when is_churned then coalesce(arr, 0) else 0 end) as churned_arr
    from {{ ref('int_learning_scores') }}
    group by score, period, as_of_date, risk
    {{ customer_health.computed_once() }}

),

counted as (
    {{ customer_health.smaller_counts('value_counts', ['score', 'period', 'as_of_date'], 'risk') | indent(4) }}
),

parts as (

    select * from {{ ref('int_learning_score_parts') }}

)

select
    value_counts.score,
    value_counts.period,
    value_counts.as_of_date,
    value_counts.risk,
    cast(value_counts.value_count as bigint) as label_count,
    cast(value_counts.churned_count as bigint) as churned_count,
    cast(value_counts.arr as decimal(28, 6)) as arr,
    cast(value_counts.churned_arr as decimal(28, 6)) as churned_arr,
    cast(counted.total_count - counted.smaller_count - counted.value_count as bigint) as larger_count,
    cast(counted.total_count as bigint) as total_count,
    parts.part as training_part,
    coalesce(value_counts.own_probability, parts.probability) as probability
from value_counts
inner join counted
    on value_counts.score = counted.score
    and value_counts.period = counted.period
    and value_counts.as_of_date = counted.as_of_date
    and value_counts.risk = counted.risk
left join parts
    on value_counts.score = parts.score
    and value_counts.risk >= parts.risk_from
    and value_counts.risk < parts.risk_below
