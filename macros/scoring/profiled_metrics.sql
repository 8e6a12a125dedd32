{#
    The metrics that the profile of low-health accounts and the prescriptions look at: name -> SQL over
    the columns of int_accounts_scored.
#}
{% macro profiled_metrics() %}
    {%- set metrics = {} -%}
    {%- for metric in customer_health.account_metrics() -%}
        {%- do metrics.update({metric: metric}) -%}
    {%- endfor -%}
    {%- do metrics.update({'pipeline_expectancy': 'current_pipeline_amount * win_rate_percentage / 100'}) -%}
    {{- return(metrics) -}}
{% endmacro %}

{# The metrics that the mart account_health shows, in its order. #}
{% macro account_metrics() %}
    {{- return([
        'days_since_last_activity', 'total_activities_30d', 'total_contacts', 'contacts_with_email',
        'contact_email_coverage', 'annual_revenue', 'total_won_amount', 'current_pipeline_amount',
        'win_rate_percentage', 'number_of_employees', 'account_age_days'
    ]) -}}
{% endmacro %}

{# Whether an account is in the policy's lowest band; NULL when it is Unscored. #}
{% macro low_health_flag(policy) %}
    {{- return(
        'case when ' ~ policy.name ~ '__health_score is not null then ' ~ policy.name
        ~ "__health_band = '" ~ policy.bands[-1].band ~ "' end"
    ) -}}
{% endmacro %}

{# The metrics with about as many distinct values as accounts. #}
{% macro money_metrics() %}
    {{- return(['annual_revenue', 'total_won_amount', 'current_pipeline_amount']) -}}
{% endmacro %}
