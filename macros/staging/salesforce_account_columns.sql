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

{#
    The columns that the account view or its snapshots really have, in source order: name -> rule. Among them
    those that speak of the row: whether the CRM has deleted the account, and the currency of its amounts.
#}
{% macro present_salesforce_account_columns(table=none) %}
    {{- return(customer_health.present_columns(
        table or source('raw', 'salesforce__customer_360_view'),
        dict(customer_health.salesforce_account_columns(), is_deleted='flag', currency_iso_code='key')
    )) -}}
{% endmacro %}

{# The columns of the account view that hold money. #}
{% macro salesforce_amounts() %}
    {{- return(['annual_revenue', 'total_won_amount', 'current_pipeline_amount']) -}}
{% endmacro %}

{# Whether the CRM has deleted the account of a row, as SQL; kinds: the columns that the rows have. #}
{% macro is_deleted_row(alias, kinds) %}
    {%- if 'is_deleted' not in kinds -%}{{- return('false') -}}{%- endif -%}
    {{- return(
        'coalesce(' ~ customer_health.clean_value(alias ~ '.is_deleted', 'flag', kinds.is_deleted) ~ ', 0) = 1'
    ) -}}
{% endmacro %}
