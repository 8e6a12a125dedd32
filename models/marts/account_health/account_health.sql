-- Grain: one account, scored under the active policy. A view over the stored wide rows.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='view') }}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

)

select
    account_id,
    account_name,
    industry,
    account_size_segment,
    geographic_region,
    owner_id,
    days_since_last_activity,
    total_activities_30d,
    total_contacts,
    contacts_with_email,
    contact_email_coverage,
    annual_revenue,
    total_won_amount,
    current_pipeline_amount,
    win_rate_percentage,
    number_of_employees,
    account_age_days,
    activity_score,
    contact_quality_score,
    business_value_score,
    account_scale_score,
    health_score,
    health_band,
    score_coverage,
    run_rate_revenue,
    pipeline_revenue,
    upsell_revenue,
    is_run_rate_unknown,
    predicted_6m_revenue,
    contribution_tier,
    policy,
    policy_version,
    as_of_date
from policy_scores
where policy = '{{ customer_health.active_policy().name }}'
