-- Grain: one bin of a signal of the scorecard of all accounts or of a segment.
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set double = customer_health.type_double() %}

with points as (

    select * from {{ ref('int_scorecard_points') }}

)

select
    points.scope as scorecard,
    cast(points.entered_as as bigint) as position,
    points.signal,
    cast(points.bin as bigint) as bin,
    points.above_value,
    points.up_to_value,
    points.label_count,
    points.event_count,
    {{ customer_health.to_decimal('cast(points.woe_e4 as ' ~ double ~ ') / 10000') }} as weight_of_evidence,
    {{ customer_health.to_decimal('cast(points.weight_e6 as ' ~ double ~ ') / 1000000') }} as weight,
    points.points,
    points.usual_points,
    {{ customer_health.to_decimal('points.gain', 9) }} as gain_share,
    calibration.intercept,
    calibration.slope,
    calibration.model_version
from points
inner join {{ ref('int_scorecard_calibration') }} as calibration
    on points.scope = calibration.scope
