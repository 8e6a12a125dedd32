{# The metrics that the mart account_health shows, in its order. #}
{% macro account_metrics() %}
    {{- return([
        'days_since_last_activity', 'total_activities_30d', 'total_contacts', 'contacts_with_email',
        'contact_email_coverage', 'annual_revenue', 'total_won_amount', 'current_pipeline_amount',
        'win_rate_percentage', 'number_of_employees', 'account_age_days'
    ]) -}}
{% endmacro %}

{# Those of them that are whole numbers: their sums are exact as they are. #}
{% macro whole_number_metrics() %}
    {{- return([
        'days_since_last_activity', 'total_activities_30d', 'total_contacts', 'contacts_with_email',
        'number_of_employees', 'account_age_days'
    ]) -}}
{% endmacro %}

{# Those of them with about as many distinct values as accounts. #}
{% macro money_metrics() %}
    {{- return(['annual_revenue', 'total_won_amount', 'current_pipeline_amount']) -}}
{% endmacro %}

{#
    What the profile of low-health accounts and the prescriptions sum up: name -> SQL over the columns of
    int_accounts_scored.
#}
{% macro profiled_metrics() %}
    {%- set metrics = {} -%}
    {%- for metric in customer_health.account_metrics() -%}
        {%- do metrics.update({metric: metric}) -%}
    {%- endfor -%}
    {%- do metrics.update({'pipeline_expectancy': 'current_pipeline_amount * win_rate_percentage / 100'}) -%}
    {{- return(metrics) -}}
{% endmacro %}

{# Whether an account is in the policy's lowest band; NULL when it is Unscored. #}
{% macro low_health_flag(policy) %}
    {{- return('(' ~ policy.name ~ '__health_score < ' ~ policy.bands[-2].at_least ~ ')') -}}
{% endmacro %}

{# The cohorts of every policy as a table: policy, cohort (low, not_low, all). #}
{% macro low_health_cohorts() %}
    {%- set rows = [] -%}
    {%- for policy in customer_health.policies() -%}
        {%- for cohort in ['low', 'not_low', 'all'] -%}
            {%- do rows.append([customer_health.sql_literal(policy.name), customer_health.sql_literal(cohort)]) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(customer_health.rows_as_table(
        {'policy': customer_health.type_text(), 'cohort': customer_health.type_text()}, rows
    )) -}}
{% endmacro %}

{# Whether a row with the flags <policy>__is_low_health belongs to the row of low_health_cohorts. #}
{% macro is_in_cohort(cohorts) %}
    (
        {{ cohorts }}.cohort = 'all'
        or case {{ cohorts }}.policy
            {%- for policy in customer_health.policies() %}
            when '{{ policy.name }}' then {{ policy.name }}__is_low_health
            {%- endfor %}
        end = ({{ cohorts }}.cohort = 'low')
    )
{%- endmacro %}

{# The columns of the mart account_health, in its order; the history has the same. #}
{% macro account_health_columns() %}
    {{- return([
        'account_id', 'account_name', 'industry', 'account_size_segment', 'geographic_region',
        'owner_id'
    ] + customer_health.account_metrics() + [
        'activity_score', 'contact_quality_score', 'business_value_score', 'account_scale_score',
        'health_score', 'health_band', 'score_coverage', 'run_rate_revenue', 'pipeline_revenue',
        'upsell_revenue', 'is_run_rate_unknown', 'predicted_6m_revenue', 'contribution_tier', 'policy',
        'policy_version', 'as_of_date'
    ]) -}}
{% endmacro %}
