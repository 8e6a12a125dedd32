-- Grain: one account on one label date or on the current date, where there is a scorecard.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set double = customer_health.type_double() %}

with log_odds as (

    select
        points.as_of_date,
        points.account_id,
        points.period,
        points.is_churned,
        points.scope,
        points.points,
        calibration.model_version,
        cast(calibration.intercept as {{ double }}) + cast(calibration.slope as {{ double }})
        * cast(points.points as {{ double }}) * ln({{ customer_health.double(2) }})
        / {{ customer_health.double(settings.points_to_double) }} as log_odds
    from {{ ref('int_account_points') }} as points
    inner join {{ ref('int_scorecard_calibration') }} as calibration
        on points.scope = calibration.scope
    where points.is_own_scope
    {{ customer_health.computed_once() }}

)

select
    as_of_date,
    account_id,
    period,
    is_churned,
    scope,
    points,
    {{ customer_health.to_decimal(customer_health.probability('log_odds'), 9) }} as churn_probability,
    model_version
from log_odds
