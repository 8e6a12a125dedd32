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
        medians.peer_count,
        medians.median_scaled_value - {{ customer_health.double('contributions.scaled_value') }} as scaled_to_median
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
    -- On Postgres a CASE without ELSE has no scale.
    cast(case
        when peer_count < {{ plans.min_peers }} then null
        when scaled_to_median > 0
            then {{ customer_health.to_decimal('scaled_to_median * ' ~ customer_health.double('max_points'), 9) }}
        when scaled_to_median <= 0 then 0
    end as decimal(9, 6)) as points_to_median
from compared
