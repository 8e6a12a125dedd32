-- Grain: one account and metric of the active policy that gave it points, beside the median of its segment.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set plans = customer_health.plan_settings() %}

with contributions as (

    select * from {{ ref('account_health_contributions') }}

),

segments as (

    select * from {{ ref('account_segments') }}

),

medians as (

    select * from {{ ref('int_segment_metric_medians') }}

),

compared as (

    select
        contributions.account_id,
        contributions.metric,
        contributions.raw_value,
        contributions.scaled_value,
        contributions.points,
        contributions.max_points,
        medians.median_raw_value,
        case
            when medians.peer_count >= {{ plans.min_peers }}
                then
                    case
                        when medians.median_scaled_value > {{ customer_health.double('contributions.scaled_value') }}
                            then
                                (medians.median_scaled_value - {{ customer_health.double('contributions.scaled_value') }})
                                * {{ customer_health.double('contributions.max_points') }}
                        else {{ customer_health.double(0) }}
                    end
        end as points_to_median
    from contributions
    left join segments
        on contributions.account_id = segments.account_id
    left join medians
        on segments.segment = medians.segment
        and contributions.metric = medians.metric
    where contributions.points is not null
    {{ customer_health.computed_once() }}

)

select
    account_id,
    metric,
    raw_value,
    scaled_value,
    points,
    max_points,
    cast(max_points - points as decimal(9, 6)) as points_lost,
    median_raw_value,
    {{ customer_health.to_decimal('points_to_median', 9) }} as points_to_median
from compared
