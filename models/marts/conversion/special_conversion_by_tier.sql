-- Grain: one customer tier, Unclassified included; tiers without customers stay.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with tiers as (
    {{ customer_health.labels_as_table('customer_tier', customer_health.customer_labels('customer_tier')) | indent(4) }}
),

summed as (

    select
        customer_tier,
        count(*) as customer_count,
        count(case when is_special_conversion then 1 end) as member_count,
        max(tier_mean_ltv) as tier_mean_ltv,
        count(case when is_special_conversion then ltv_amount end) as member_ltv_count,
        cast(sum(case when is_special_conversion then ltv_amount end) as decimal(38, 6)) as member_ltv_sum,
        cast(sum(case when is_special_conversion then ltv_difference end) as decimal(38, 6)) as difference_sum,
        cast(sum(
            case when is_special_conversion and ltv_difference is not null then tier_mean_ltv end
        ) as decimal(38, 6)) as tier_mean_sum,
        count(case when is_special_conversion then ltv_difference_from_others end) as compared_with_others_count,
        cast(sum(case when is_special_conversion then ltv_difference_from_others end) as decimal(38, 6))
            as difference_from_others_sum
    from {{ ref('int_customers_classified') }}
    group by customer_tier

)

select
    tiers.customer_tier,
    coalesce(summed.customer_count, 0) as customer_count,
    coalesce(summed.member_count, 0) as member_count,
    {{ customer_health.to_decimal(customer_health.safe_divide('summed.member_count', 'summed.customer_count'), 9) }}
        as member_share,
    summed.tier_mean_ltv,
    {{ customer_health.exact_mean('summed.member_ltv_sum', 'summed.member_ltv_count') }} as member_mean_ltv,
    {{ customer_health.exact_mean('summed.difference_sum', 'summed.member_ltv_count') }} as mean_ltv_difference,
    {{ customer_health.to_decimal(customer_health.safe_divide('summed.difference_sum', 'summed.tier_mean_sum')) }}
        as mean_ltv_difference_rate,
    {{ customer_health.exact_mean('summed.difference_from_others_sum', 'summed.compared_with_others_count') }}
        as mean_ltv_difference_from_others
from tiers
left join summed
    on tiers.customer_tier = summed.customer_tier
