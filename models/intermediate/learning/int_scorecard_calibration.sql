-- Grain: one scope with a scorecard: intercept and slope that make probabilities of its points.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set double = customer_health.type_double() %}

with grouped as (

    select
        scope,
        cast(points as {{ double }}) * ln({{ customer_health.double(2) }})
        / {{ customer_health.double(settings.points_to_double) }} as score,
        count(*) as label_count,
        count(case when is_churned then 1 end) as event_count
    from {{ ref('int_account_points') }}
    where period = 'train'
    group by scope, points

),

{{ customer_health.newton_steps() }},

-- A number that changes with any bin, point or coefficient.
numbered as (

    select
        scope,
        points,
        bin,
        label_count,
        row_number() over (partition by scope order by {{ customer_health.byte_order('signal') }}, bin) as place
    from {{ ref('int_scorecard_points') }}

),

sums as (

    select
        scope,
        sum(place * (points * 7 + bin * 13 + label_count)) as checksum
    from numbered
    group by scope

)

select
    calibrated.scope,
    {{ customer_health.to_decimal('calibrated.intercept') }} as intercept,
    {{ customer_health.to_decimal('calibrated.slope') }} as slope,
    scopes.label_count,
    scopes.event_count,
    scopes.last_label_on,
    calibrated.scope || ' ' || cast(scopes.last_label_on as {{ customer_health.type_text() }}) || ' '
    || cast(cast(
        abs(
            sums.checksum + cast(floor(1000000 * (calibrated.intercept + 3 * calibrated.slope)) as bigint)
        ) % 1000000 as bigint
    ) as {{ customer_health.type_text() }}) as model_version
from calibrated
inner join {{ ref('int_scorecard_scopes') }} as scopes
    on calibrated.scope = scopes.scope
inner join sums
    on calibrated.scope = sums.scope
