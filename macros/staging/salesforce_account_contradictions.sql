{#
    Pairs of columns that contradict each other: both values stay, the pair is listed as a finding. And amounts
    of a currency without a rate, which are unknown.
    Each entry: column (the one to list), reason_code, condition (SQL over the source columns).
    Pairs of which a column is absent are left out.
#}
{% macro salesforce_account_contradictions(kinds) %}
    {%- set pairs = [
        ('contacts_with_email', '>', 'total_contacts', 'exceeds_total_contacts'),
        ('total_activities_90d', '<', 'total_activities_30d', 'below_30d_activity'),
    ] -%}
    {%- set contradictions = [] -%}
    {%- for column, comparison, other, reason_code in pairs if column in kinds and other in kinds -%}
        {%- do contradictions.append({
            'column': column,
            'reason_code': reason_code,
            'condition': customer_health.clean_value(column, 'count', kinds[column])
                ~ ' ' ~ comparison ~ ' ' ~ customer_health.clean_value(other, 'count', kinds[other]),
        }) -%}
    {%- endfor -%}
    {%- for column in customer_health.salesforce_amounts()
        if column in kinds and 'currency_iso_code' in kinds -%}
        {%- do contradictions.append({
            'column': column,
            'reason_code': 'no_exchange_rate',
            'condition': 'rate_to_base is null and ' ~ customer_health.clean_value(column, 'amount', kinds[column])
                ~ ' is not null',
        }) -%}
    {%- endfor -%}
    {{- return(contradictions) -}}
{% endmacro %}
