{#
    The 54 columns of salesforce__customer_360_view in source order -> the rule that cleans each
    (macros/staging/clean_value.sql says what a rule accepts).
#}
{% macro salesforce_account_columns() %}
    {{- return({
        'account_id': 'key',
        'account_name': 'text',
        'account_type': 'text',
        'website': 'text',
        'phone': 'text',
        'billing_city': 'text',
        'billing_state': 'text',
        'billing_country': 'text',
        'industry_normalized': 'industry',
        'account_size_segment': 'size_segment',
        'geographic_region': 'text',
        'account_maturity_stage': 'text',
        'company_size_category': 'text',
        'engagement_temperature': 'text',
        'activity_frequency_score': 'text',
        'churn_risk_level': 'text',
        'upsell_opportunity_score': 'text',
        'customer_lifecycle_stage': 'text',
        'relationship_strength': 'text',
        'annual_revenue': 'amount',
        'total_won_amount': 'amount',
        'current_pipeline_amount': 'amount',
        'number_of_employees': 'count',
        'account_age_days': 'count',
        'total_activities_30d': 'count',
        'total_activities_90d': 'count',
        'days_since_last_activity': 'count',
        'unique_activity_owners': 'count',
        'activity_trend_30d': 'signed_count',
        'total_opportunities': 'count',
        'won_opportunities': 'count',
        'lost_opportunities': 'count',
        'open_opportunities': 'count',
        'total_contacts': 'count',
        'contacts_with_email': 'count',
        'callable_contacts': 'count',
        'emailable_contacts': 'count',
        'total_converted_leads': 'count',
        'data_completeness_score': 'score',
        'customer_health_score': 'score',
        'win_rate_percentage': 'percentage',
        'avg_sales_cycle_days': 'amount',
        'avg_lead_conversion_days': 'amount',
        'is_high_value_account': 'flag',
        'owner_is_active': 'flag',
        'is_declining_engagement': 'flag',
        'owner_id': 'text',
        'account_owner_name': 'text',
        'owner_email': 'text',
        'account_created_date': 'epoch_seconds',
        'last_won_date': 'timestamp',
        'latest_opportunity_date': 'timestamp',
        'first_lead_conversion_date': 'timestamp',
        'latest_lead_conversion_date': 'timestamp',
    }) -}}
{% endmacro %}

{# The columns of the view that the source table really has, in source order: name -> rule. #}
{% macro present_salesforce_account_columns() %}
    {{- return(customer_health.present_columns(
        source('raw', 'salesforce__customer_360_view'), customer_health.salesforce_account_columns()
    )) -}}
{% endmacro %}
