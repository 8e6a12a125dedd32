-- Grain: one account on one stored as_of_date, up to the setting as_of_date. A view over the history.
{{ config(enabled=customer_health.subject_is_built('trajectory'), materialized='view') }}

with slices as (

    select * from {{ ref('account_health_slices') }}

)

select
    account_id,
    account_name,
    industry,
    account_size_segment,
    geographic_region,
    owner_id,
    {%- for metric in customer_health.account_metrics() %}
    {{ metric }},
    {%- endfor %}
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
from slices
where as_of_date <= {{ customer_health.as_of_date() }}
