{#
    The columns of the mart account_health for one policy, from the wide rows `accounts_scored` joined with
    their `tier_cut_offs`; policy_version, is_low_health and as_of_date come along.
#}
{% macro policy_score_columns(policy) %}
    {%- set dimensions = ['activity', 'contact_quality', 'business_value', 'account_scale'] -%}
    {%- set prefix = 'accounts_scored.' ~ policy.name ~ '__' -%}
    {%- set cut_offs = [] -%}
    {%- for quantile in customer_health.tier_quantiles(policy) -%}
        {%- do cut_offs.append('tier_cut_offs.' ~ policy.name ~ '__cut_off_' ~ loop.index) -%}
    {%- endfor -%}
accounts_scored.as_of_date,
    '{{ policy.name }}' as policy,
    '{{ policy.version }}' as policy_version,
    accounts_scored.account_id,
    accounts_scored.account_name,
    accounts_scored.industry,
    accounts_scored.account_size_segment,
    accounts_scored.geographic_region,
    accounts_scored.owner_id,
    accounts_scored.days_since_last_activity,
    accounts_scored.total_activities_30d,
    accounts_scored.total_contacts,
    accounts_scored.contacts_with_email,
    accounts_scored.contact_email_coverage,
    accounts_scored.annual_revenue,
    accounts_scored.total_won_amount,
    accounts_scored.current_pipeline_amount,
    accounts_scored.win_rate_percentage,
    accounts_scored.number_of_employees,
    accounts_scored.account_age_days,
    {%- for dimension in dimensions %}
    {%- if dimension in policy.dimensions | map(attribute='dimension') %}
    {{ prefix }}{{ dimension }}__score as {{ dimension }}_score,
    {%- else %}
    cast(null as decimal(9, 6)) as {{ dimension }}_score,
    {%- endif %}
    {%- endfor %}
    {{ prefix }}health_score as health_score,
    {{ customer_health.ladder(prefix ~ 'health_score', policy.bands, 'band') }} as health_band,
    coalesce({{ prefix }}health_score < {{ policy.bands[-2].at_least }}, false) as is_low_health,
    {{ prefix }}score_coverage as score_coverage,
    {{ prefix }}run_rate_revenue as run_rate_revenue,
    {{ prefix }}pipeline_revenue as pipeline_revenue,
    {{ prefix }}upsell_revenue as upsell_revenue,
    {{ prefix }}is_run_rate_unknown as is_run_rate_unknown,
    {{ prefix }}predicted_6m_revenue as predicted_6m_revenue,
    {{ customer_health.tier(
        'cast(' ~ prefix ~ 'predicted_6m_revenue as ' ~ customer_health.type_double() ~ ')', policy.tiers, cut_offs
    ) }} as contribution_tier
{%- endmacro %}
