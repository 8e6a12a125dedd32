-- Grain: one customer, with membership in the special-conversion cohort, value and risk level, and the
-- comparison with its tier.
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

{%- set cohort = customer_health.special_conversion() %}
{%- set red_flag = customer_health.red_flag() %}

with customers as (

    select * from {{ ref('int_customers') }}

),

averages as (

    select * from {{ ref('int_customer_averages') }}

),

measured as (

    select
        customers.*,
        {{ customer_health.to_decimal('customers.ltv') }} as ltv_amount,
        -- Sums instead of averages: an average is rounded, and a customer right on it would go wrong.
        coalesce(
            customers.engagement * averages.engagement_count > averages.engagement_sum, false
        ) as is_above_customer_average,
        coalesce(
            customers.engagement * averages.source_row_count > averages.source_row_engagement_sum, false
        ) as is_above_row_average,
        coalesce(
            customers.marketing_to_sales_days between {{ cohort.marketing_to_sales_days.at_least }}
            and {{ cohort.marketing_to_sales_days.at_most }}
            and customers.sales_to_support_days > {{ cohort.sales_to_support_days_above }},
            false
        ) as has_special_timing
    from customers
    cross join averages

),

decided as (

    select
        *,
        has_special_timing and is_above_customer_average as is_special_conversion,
        has_special_timing and is_above_row_average as is_special_by_row_average
    from measured
    {{ customer_health.computed_once() }}

),

tiers as (

    select
        customer_tier,
        count(ltv_amount) as ltv_count,
        cast(sum(ltv_amount) as decimal(38, 6)) as ltv_sum,
        count(case when not is_special_conversion then ltv_amount end) as others_ltv_count,
        cast(sum(case when not is_special_conversion then ltv_amount end) as decimal(38, 6)) as others_ltv_sum
    from decided
    group by customer_tier

),

compared as (

    select
        decided.*,
        {{ customer_health.exact_mean('tiers.ltv_sum', 'tiers.ltv_count') }} as tier_mean_ltv,
        {{ customer_health.exact_mean('tiers.others_ltv_sum', 'tiers.others_ltv_count') }} as tier_others_mean_ltv,
        case
            when
                decided.ltv_amount * tiers.ltv_count > tiers.ltv_sum
                and decided.monetary_score >= {{ customer_health.value_level_bounds().high_monetary_at_least }}
                then 'High'
            when
                decided.ltv_amount * tiers.ltv_count < tiers.ltv_sum
                and decided.monetary_score <= {{ customer_health.value_level_bounds().low_monetary_at_most }}
                then 'Low'
            else 'Medium'
        end as value_level,
        case
            when
                decided.activity_risk_level in ('High', 'Critical')
                or decided.engagement_velocity in ('Declining', 'Stagnant')
                then 'High'
            when
                decided.activity_risk_level in ('Low', 'Very Low')
                and decided.engagement_velocity = 'Accelerating'
                then 'Low'
            else 'Medium'
        end as risk_level
    from decided
    inner join tiers
        on decided.customer_tier = tiers.customer_tier
    {{ customer_health.computed_once() }}

)

select
    *,
    cast(ltv_amount - tier_mean_ltv as decimal(28, 6)) as ltv_difference,
    cast(ltv_amount - tier_others_mean_ltv as decimal(28, 6)) as ltv_difference_from_others,
    ltv is not null and monetary_score is not null as is_value_level_known,
    (activity_risk_level <> 'Unclassified' and engagement_velocity <> 'Unclassified')
    or risk_level = 'High' as is_risk_level_known,
    coalesce(
        sales_to_support_days > {{ red_flag.sales_to_support_days_above }}
        and engagement_velocity in ('Declining', 'Stagnant')
        and activity_risk_level in ('High', 'Critical')
        and health_score < {{ red_flag.health_below }},
        false
    ) as is_red_flag
from compared
