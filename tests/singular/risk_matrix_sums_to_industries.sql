-- The cells of an industry add up to the industry: accounts, low-health accounts and their forecast.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with cells as (

    select
        policy,
        industry,
        sum(account_count) as account_count,
        sum(low_health_count) as low_health_count,
        sum(low_health_predicted_revenue) as low_health_predicted_revenue
    from {{ ref('risk_matrix') }}
    group by policy, industry

),

industries as (

    select * from {{ ref('risk_by_industry') }}

)

select
    industries.policy,
    industries.industry,
    industries.account_count as expected_accounts,
    cells.account_count as observed_accounts,
    industries.low_health_count as expected_low,
    cells.low_health_count as observed_low,
    industries.low_health_predicted_revenue as expected_revenue,
    cells.low_health_predicted_revenue as observed_revenue
from industries
left join cells
    on industries.policy = cells.policy
    and industries.industry = cells.industry
where
    cells.industry is null
    or industries.account_count <> cells.account_count
    or industries.low_health_count <> cells.low_health_count
    or coalesce(industries.low_health_predicted_revenue, 0) <> coalesce(cells.low_health_predicted_revenue, 0)
