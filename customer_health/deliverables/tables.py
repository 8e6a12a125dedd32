"""The queries of the CSV files. {policy} stands for the policy of the report, quoted."""

# The view under the mart account_health, which holds every policy.
ACCOUNTS = "intermediate.int_policy_scores"

# The lowest band of a policy is its high risk, the highest its low risk.
RISKS = """
    risks as (
        select
            band,
            case
                when is_low_health then 'High'
                when position = 1 then 'Low'
                else 'Medium'
            end as risk
        from marts.policy_bands
        where policy = {policy}
    )
"""
INPUTS = """
    accounts.days_since_last_activity,
    accounts.total_activities_30d,
    accounts.total_contacts,
    accounts.contacts_with_email,
    accounts.contact_email_coverage,
    accounts.annual_revenue,
    accounts.total_won_amount,
    accounts.current_pipeline_amount,
    accounts.win_rate_percentage,
    accounts.number_of_employees,
    accounts.account_age_days
"""
SUB_SCORES = """
    accounts.activity_score,
    accounts.contact_quality_score,
    accounts.business_value_score,
    accounts.account_scale_score
"""

QUERIES = {
    "accounts_health_scores.csv": f"""
        with {RISKS}
        select
            accounts.account_id,
            accounts.account_name,
            accounts.industry,
            accounts.account_size_segment,
            accounts.geographic_region,
            accounts.owner_id,
            {INPUTS},
            {SUB_SCORES},
            accounts.health_score,
            accounts.health_band,
            coalesce(risks.risk, 'Unscored') as risk_level,
            accounts.run_rate_revenue,
            accounts.pipeline_revenue,
            accounts.predicted_6m_revenue as predicted_6m_contribution,
            accounts.contribution_tier as contribution_segment,
            accounts.score_coverage,
            accounts.policy,
            accounts.as_of_date
        from {ACCOUNTS} as accounts
        left join risks on accounts.health_band = risks.band
        where accounts.policy = {{policy}}
        order by accounts.account_id
    """,
    "account_health_and_prediction.csv": f"""
        with {RISKS}
        select
            accounts.account_id,
            accounts.account_name,
            accounts.industry,
            accounts.account_size_segment,
            accounts.health_score,
            coalesce(risks.risk, 'Unscored') as risk_band,
            accounts.predicted_6m_revenue,
            accounts.contribution_tier,
            accounts.health_band,
            {SUB_SCORES},
            accounts.pipeline_revenue,
            accounts.upsell_revenue,
            accounts.score_coverage,
            accounts.policy,
            accounts.as_of_date
        from {ACCOUNTS} as accounts
        left join risks on accounts.health_band = risks.band
        where accounts.policy = {{policy}}
        order by accounts.account_id
    """,
    "high_risk_segment_rates.csv": """
        select
            industry,
            account_size_segment,
            low_health_rate as high_risk_rate,
            low_health_rate_lower as high_risk_rate_lower,
            low_health_rate_upper as high_risk_rate_upper,
            low_health_count as high_risk_count,
            scored_count,
            is_small_sample,
            risk_level,
            priority_rank,
            low_health_predicted_revenue as high_risk_predicted_6m_revenue
        from marts.risk_matrix
        where policy = {policy}
        order by low_health_rate desc nulls last, low_health_count desc, priority_rank
    """,
    # Totals are rows of their own, marked so that nobody sums them up again.
    "risk_matrix_counts.csv": """
        with counted as (
            select
                industry,
                account_size_segment,
                account_count,
                scored_count,
                low_health_count,
                false as is_total
            from marts.risk_matrix
            where policy = {policy}
            union all
            select
                industry,
                'All' as account_size_segment,
                account_count,
                scored_count,
                low_health_count,
                true as is_total
            from marts.risk_by_industry
            where policy = {policy}
        )
        select
            industry,
            account_size_segment,
            account_count,
            scored_count,
            low_health_count as high_risk_count,
            scored_count - low_health_count as other_count,
            account_count - scored_count as unscored_count,
            is_total
        from counted
        order by industry, is_total, account_size_segment
    """,
    "high_risk_characteristics_vs_all.csv": """
        with cohorts as (
            select
                metric,
                max(case when cohort = 'low' then account_count end) as high_risk_count,
                max(case when cohort = 'low' then mean end) as high_risk_mean,
                max(case when cohort = 'not_low' then mean end) as other_mean,
                max(case when cohort = 'all' then mean end) as all_mean,
                max(case when cohort = 'low' then difference_from_all end) as mean_difference,
                max(case when cohort = 'low' then relative_difference_from_all end)
                    as mean_relative_difference,
                max(case when cohort = 'low' then median end) as high_risk_median,
                max(case when cohort = 'not_low' then median end) as other_median,
                max(case when cohort = 'all' then median end) as all_median
            from marts.low_health_profile
            where policy = {policy}
            group by metric
        )
        select
            *,
            round(high_risk_median - all_median, 6) as median_difference,
            round((high_risk_median - all_median) / nullif(all_median, 0), 6)
                as median_relative_difference
        from cohorts
        order by metric
    """,
    "tier_summary.csv": """
        select
            tier as contribution_tier,
            lower_bound,
            account_count,
            total as total_predicted_6m_revenue,
            mean as mean_predicted_6m_revenue,
            share as predicted_6m_revenue_share,
            mean_health as mean_health_score
        from marts.contribution_tiers
        where policy = {policy}
        order by tier = 'Unscored', mean desc nulls last, tier
    """,
}
