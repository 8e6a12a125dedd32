-- What a member is worth beside the other customers of its tier, and what that means in total.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with tiers as (

    select * from {{ ref('special_conversion_by_tier') }}

)

select
    customer_tier,
    member_count,
    member_share,
    tier_mean_ltv,
    member_mean_ltv,
    mean_ltv_difference_from_others,
    mean_ltv_difference_from_others * member_count as total_ltv_difference
from tiers
where member_count > 0
order by mean_ltv_difference_from_others desc, customer_tier asc
