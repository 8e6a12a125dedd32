-- The resource allocation over the tiers is complete.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with strategies as (

    select * from {{ ref('tier_strategies') }}

)

select
    'all tiers' as row_key,
    sum(resource_share) as observed_total,
    1 as expected_total
from strategies
having sum(resource_share) <> 1
