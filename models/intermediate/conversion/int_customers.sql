-- Grain: one customer (primary_email) of the activity, funnel or value table, with what each knows of it.
-- Every table has one row per customer before it is joined, so no join can add a row.
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

with activity as (

    select * from {{ ref('stg_customer360__customer_activity') }}

),

funnels as (

    select * from {{ ref('stg_customer360__conversion_funnels') }}

),

customer_values as (

    select * from {{ ref('stg_customer360__customer_values') }}

),

customers as (

    select primary_email from activity
    union
    select primary_email from funnels
    union
    select primary_email from customer_values

)

select
    customers.primary_email,
    coalesce(activity.marketo_lead_id, funnels.marketo_lead_id, customer_values.marketo_lead_id) as marketo_lead_id,
    coalesce(activity.stripe_customer_id, funnels.stripe_customer_id, customer_values.stripe_customer_id)
        as stripe_customer_id,
    coalesce(activity.zendesk_user_id, funnels.zendesk_user_id, customer_values.zendesk_user_id) as zendesk_user_id,
    case
        when customer_values.customer_tier <> 'Unclassified' then customer_values.customer_tier
        else coalesce(funnels.customer_tier, 'Unclassified')
    end as customer_tier,
    activity.composite_engagement_score,
    {{ customer_health.to_decimal('activity.composite_engagement_score') }} as engagement,
    funnels.marketing_to_sales_days,
    funnels.sales_to_support_days,
    customer_values.recency_score,
    customer_values.frequency_score,
    customer_values.monetary_score,
    customer_values.estimated_customer_ltv as value_ltv,
    funnels.estimated_customer_ltv as funnel_ltv,
    {{ 'customer_values' if customer_health.ltv_source() == 'value' else 'funnels' }}.estimated_customer_ltv as ltv,
    coalesce(
        activity.customer_health_score, customer_values.customer_health_score, funnels.customer_health_score
    ) as health_score,
    activity.primary_engagement_channel as activity_channel,
    funnels.primary_engagement_channel as funnel_channel,
    activity.in_marketo + activity.in_stripe + activity.in_zendesk as number_of_platforms,
    case
        when activity.in_marketo + activity.in_stripe + activity.in_zendesk is null then 'Unclassified'
        else {{ dbt.concat([
            'cast(activity.in_marketo as ' ~ customer_health.type_text() ~ ')', "'-'",
            'cast(activity.in_stripe as ' ~ customer_health.type_text() ~ ')', "'-'",
            'cast(activity.in_zendesk as ' ~ customer_health.type_text() ~ ')',
        ]) }}
    end as platforms,
    activity.zendesk_active,
    coalesce(activity.activity_risk_level, 'Unclassified') as activity_risk_level,
    coalesce(activity.engagement_velocity, 'Unclassified') as engagement_velocity
from customers
left join activity
    on customers.primary_email = activity.primary_email
left join funnels
    on customers.primary_email = funnels.primary_email
left join customer_values
    on customers.primary_email = customer_values.primary_email
