-- Which channels bring members that stay: neither slowing down nor at high risk, per first channel.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with members as (

    select
        activity_channel,
        health_score,
        case
            when
                engagement_velocity not in ('Declining', 'Stagnant')
                and activity_risk_level not in ('High', 'Critical')
                then 1
        end as is_retained
    from {{ ref('special_conversion_customers') }}

)

select
    activity_channel,
    count(*) as member_count,
    count(is_retained) as retained_count,
    {{ customer_health.to_decimal(customer_health.safe_divide('count(is_retained)', 'count(*)'), 9) }}
        as retention_rate,
    avg(health_score) as mean_health
from members
group by activity_channel
order by retention_rate desc, member_count desc, activity_channel asc
