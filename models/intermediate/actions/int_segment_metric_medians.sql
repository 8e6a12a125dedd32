-- Grain: one segment and metric of the active policy, over the scored accounts that have it.
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

with contributions as (

    select * from {{ ref('account_health_contributions') }}

),

segments as (

    select * from {{ ref('account_segments') }}

)

select
    segments.segment,
    contributions.metric,
    count(*) as peer_count,
    {{ customer_health.exact_median(customer_health.double('contributions.scaled_value')) }} as median_scaled_value,
    {{ customer_health.exact_median('contributions.raw_value') }} as median_raw_value
from contributions
inner join segments
    on contributions.account_id = segments.account_id
where contributions.points is not null
group by segments.segment, contributions.metric
