-- Grain: one value of a score in one period: how many labels have it, and how many a higher risk.
-- part: the calibration table's, 1 the riskiest; equal values are in one part.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set parts = customer_health.validation_settings().calibration_parts %}

with value_counts as (

    select
        score,
        period,
        risk,
        count(*) as value_count
    from {{ ref('int_learning_scores') }}
    group by score, period, risk

),

counted as (
    {{ customer_health.smaller_counts('value_counts', ['score', 'period'], 'risk') | indent(4) }}
)

select
    score,
    period,
    risk,
    cast(value_count as bigint) as label_count,
    cast(smaller_count as bigint) as smaller_count,
    cast(total_count as bigint) as total_count,
    1 + cast(floor({{ customer_health.safe_divide(
        parts ~ ' * (total_count - smaller_count - value_count)', 'total_count'
    ) }}) as bigint) as part
from counted
