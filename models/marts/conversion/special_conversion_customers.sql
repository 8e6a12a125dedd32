-- Grain: one member of the special-conversion cohort, with every figure that its membership rests on.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with customers as (

    select * from {{ ref('int_customers_classified') }}
    where is_special_conversion

),

addresses as (

    select * from {{ ref('int_customer_addresses') }}
    where has_address

)

select
    customers.primary_email,
    customers.customer_tier,
    customers.marketing_to_sales_days,
    customers.sales_to_support_days,
    customers.composite_engagement_score,
    customers.recency_score,
    customers.frequency_score,
    customers.monetary_score,
    customers.ltv,
    customers.value_ltv,
    customers.funnel_ltv,
    customers.tier_mean_ltv,
    customers.ltv_difference,
    customers.tier_others_mean_ltv,
    customers.ltv_difference_from_others,
    customers.health_score,
    coalesce(customers.activity_channel, 'Unknown') as activity_channel,
    coalesce(customers.funnel_channel, 'Unknown') as funnel_channel,
    customers.platforms,
    customers.number_of_platforms,
    customers.zendesk_active = 1 as is_zendesk_active,
    customers.activity_risk_level,
    customers.engagement_velocity,
    addresses.country,
    addresses.state
from customers
left join addresses
    on customers.primary_email = addresses.primary_email
