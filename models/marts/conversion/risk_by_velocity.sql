-- Grain: one activity risk level and engagement velocity: all 36 combinations, Unclassified included.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with risk_levels as (
    {{ customer_health.labels_as_table(
        'activity_risk_level', customer_health.customer_labels('activity_risk_level')
    ) | indent(4) }}
),

velocities as (
    {{ customer_health.labels_as_table(
        'engagement_velocity', customer_health.customer_labels('engagement_velocity')
    ) | indent(4) }}
),

counted as (

    select
        activity_risk_level,
        engagement_velocity,
        {{ customer_health.customer_figures() }},
        count(case when is_red_flag then 1 end) as red_flag_count
    from {{ ref('int_customers_classified') }}
    group by activity_risk_level, engagement_velocity

)

select
    risk_levels.activity_risk_level,
    velocities.engagement_velocity,
    coalesce(counted.customer_count, 0) as customer_count,
    coalesce(counted.member_count, 0) as member_count,
    cast({{ customer_health.exact_mean('counted.health_sum', 'counted.health_count') }} as decimal(9, 6))
        as mean_health,
    coalesce(counted.red_flag_count, 0) as red_flag_count
from risk_levels
cross join velocities
left join counted
    on risk_levels.activity_risk_level = counted.activity_risk_level
    and velocities.engagement_velocity = counted.engagement_velocity
