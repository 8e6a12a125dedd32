{#
    Every metric that a policy may score: name -> unit, and whether it can be negative.
    All are columns of stg_salesforce__accounts, except size_points, which each policy defines.
#}
{% macro metric_catalogue() %}
    {%- set never_negative = {
        'days_since_last_activity': 'days',
        'total_activities_30d': 'activities',
        'total_activities_90d': 'activities',
        'unique_activity_owners': 'people',
        'total_contacts': 'contacts',
        'contacts_with_email': 'contacts',
        'callable_contacts': 'contacts',
        'emailable_contacts': 'contacts',
        'contact_email_coverage': 'ratio',
        'annual_revenue': 'currency',
        'total_won_amount': 'currency',
        'current_pipeline_amount': 'currency',
        'number_of_employees': 'people',
        'account_age_days': 'days',
        'total_opportunities': 'opportunities',
        'won_opportunities': 'opportunities',
        'lost_opportunities': 'opportunities',
        'open_opportunities': 'opportunities',
        'win_rate_percentage': 'percent',
        'avg_sales_cycle_days': 'days',
        'avg_lead_conversion_days': 'days',
        'total_converted_leads': 'leads',
        'data_completeness_score': 'points',
        'size_points': 'points 0-1',
    } -%}
    {%- set catalogue = {'activity_trend_30d': {'unit': 'activities', 'can_be_negative': true}} -%}
    {%- for metric, unit in never_negative.items() -%}
        {%- do catalogue.update({metric: {'unit': unit, 'can_be_negative': false}}) -%}
    {%- endfor -%}
    {{- return(catalogue) -}}
{% endmacro %}
