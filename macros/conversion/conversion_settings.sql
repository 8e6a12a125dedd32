{# The settings of the special-conversion cohort and the value x risk framework; each is checked where it is read. #}

{# Bounds of the cohort: a block with marketing_to_sales_days (at_least, at_most) and sales_to_support_days_above. #}
{% macro special_conversion() %}
    {%- set where = 'setting special_conversion' -%}
    {%- set cohort = var('special_conversion') -%}
    {%- do customer_health.check_keys(where, cohort, ['marketing_to_sales_days', 'sales_to_support_days_above'], []) -%}
    {%- set days = cohort.marketing_to_sales_days -%}
    {%- set days_key = where ~ ', key marketing_to_sales_days' -%}
    {%- do customer_health.check_keys(days_key, days, ['at_least', 'at_most'], []) -%}
    {%- do customer_health.check_number(days_key ~ ', key at_least', days.at_least, -100000, 100000) -%}
    {%- do customer_health.check_number(days_key ~ ', key at_most', days.at_most, -100000, 100000) -%}
    {%- if days.at_most < days.at_least -%}
        {{- customer_health.raise_error(
            days_key, 'ends at ' ~ days.at_most ~ ', before it begins at ' ~ days.at_least, 'swap the two'
        ) -}}
    {%- endif -%}
    {%- do customer_health.check_number(
        where ~ ', key sales_to_support_days_above', cohort.sales_to_support_days_above, -100000, 100000
    ) -%}
    {{- return(cohort) -}}
{% endmacro %}

{# The table whose lifetime value counts: value or funnel. #}
{% macro ltv_source() %}
    {%- do customer_health.check_choice(
        'setting customer_health_ltv_source', var('customer_health_ltv_source'), ['value', 'funnel']
    ) -%}
    {{- return(var('customer_health_ltv_source')) -}}
{% endmacro %}

{# Monetary scores from which the value level can be High and up to which it can be Low. #}
{% macro value_level_bounds() %}
    {%- set where = 'setting customer_value_levels' -%}
    {%- set bounds = var('customer_value_levels') -%}
    {%- do customer_health.check_keys(where, bounds, ['high_monetary_at_least', 'low_monetary_at_most'], []) -%}
    {%- for key in bounds -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ key, bounds[key], 1, 5) -%}
    {%- endfor -%}
    {%- if bounds.low_monetary_at_most >= bounds.high_monetary_at_least -%}
        {{- customer_health.raise_error(
            where, 'lets Low reach up to ' ~ bounds.low_monetary_at_most ~ ', where High begins',
            'let low_monetary_at_most be below high_monetary_at_least'
        ) -}}
    {%- endif -%}
    {{- return(bounds) -}}
{% endmacro %}

{# Bounds of the red flag: a block with sales_to_support_days_above and health_below. #}
{% macro red_flag() %}
    {%- set where = 'setting customer_red_flag' -%}
    {%- set bounds = var('customer_red_flag') -%}
    {%- do customer_health.check_keys(where, bounds, ['sales_to_support_days_above', 'health_below'], []) -%}
    {%- do customer_health.check_number(
        where ~ ', key sales_to_support_days_above', bounds.sales_to_support_days_above, -100000, 100000
    ) -%}
    {%- do customer_health.check_number(where ~ ', key health_below', bounds.health_below, 0, 100) -%}
    {{- return(bounds) -}}
{% endmacro %}

{# The weights of the index customer_value_index or customer_risk_index: part -> weight; they sum to 1. #}
{% macro index_weights(index_name) %}
    {%- set parts = {
        'customer_value_index': ['ltv', 'health', 'monetary', 'frequency', 'platforms'],
        'customer_risk_index': ['risk', 'velocity', 'sales_to_support_days', 'zendesk_inactive', 'channel'],
    }[index_name] -%}
    {%- set where = 'setting ' ~ index_name -%}
    {%- set weights = var(index_name) -%}
    {%- do customer_health.check_keys(where, weights, parts, []) -%}
    {%- set sum = namespace(millionths=0) -%}
    {%- for part in parts -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ part, weights[part], 0, 1) -%}
        {%- set sum.millionths = sum.millionths + customer_health.in_millionths(weights[part]) -%}
    {%- endfor -%}
    {%- if sum.millionths != 1000000 -%}
        {{- customer_health.raise_error(
            where, 'has weights that sum to ' ~ sum.millionths / 1000000, 'let them sum to 1'
        ) -}}
    {%- endif -%}
    {{- return(weights) -}}
{% endmacro %}

{# The columns of int_customers that an index scales between their extremes. #}
{% macro index_metrics() %}
    {{- return(['ltv', 'health_score', 'monetary_score', 'frequency_score', 'sales_to_support_days']) -}}
{% endmacro %}

{#
    The parts of both indices: index -> part -> a double in [0, 1], NULL when unknown; over the CTEs of
    int_customer_indices. The channel compares two averages as products of sums and counts, unrounded.
#}
{% macro index_parts() %}
    {%- set scaled = {} -%}
    {%- for metric in customer_health.index_metrics() -%}
        {%- do scaled.update({metric: customer_health.scale_between(
            'cast(' ~ metric ~ ' as ' ~ customer_health.type_double() ~ ')', metric ~ '__lower', metric ~ '__upper', 0.5
        )}) -%}
    {%- endfor -%}
    {{- return({
        'customer_value_index': {
            'ltv': scaled.ltv,
            'health': scaled.health_score,
            'monetary': scaled.monetary_score,
            'frequency': scaled.frequency_score,
            'platforms': customer_health.safe_divide('number_of_platforms', 3),
        },
        'customer_risk_index': {
            'risk': customer_health.double('risk_labels.risk_index'),
            'velocity': customer_health.double('velocity_labels.velocity_index'),
            'sales_to_support_days': scaled.sales_to_support_days,
            'zendesk_inactive': customer_health.double('1 - zendesk_active'),
            'channel': customer_health.double(
                'case when channels.health_count > 0 then case when channels.health_sum * averages.health_count'
                ~ ' < averages.health_sum * channels.health_count then 1 else 0 end end'
            ),
        },
    }) -}}
{% endmacro %}

{# The quantiles at which the tertiles High and Medium begin. #}
{% macro tertile_quantiles() %}
    {{- return([2 / 3, 1 / 3]) -}}
{% endmacro %}

{# The labels of customer tiers, risk levels and velocities, Unclassified last. #}
{% macro customer_labels(column) %}
    {{- return({
        'customer_tier': ['Basic', 'Bronze', 'Silver', 'Gold', 'Platinum', 'Unclassified'],
        'activity_risk_level': ['Very Low', 'Low', 'Medium', 'High', 'Critical', 'Unclassified'],
        'engagement_velocity': ['Accelerating', 'Stable', 'Volatile', 'Declining', 'Stagnant', 'Unclassified'],
        'level': ['High', 'Medium', 'Low'],
    }[column]) -}}
{% endmacro %}

{# Labels as a table with one column. #}
{% macro labels_as_table(column, labels) %}
    {%- set rows = [] -%}
    {%- for label in labels -%}{%- do rows.append([customer_health.sql_literal(label)]) -%}{%- endfor -%}
    {{- customer_health.rows_as_table({column: customer_health.type_text()}, rows) -}}
{% endmacro %}

{# The eight combinations of the three platforms: label -> number of platforms. #}
{% macro platform_combinations() %}
    {%- set combinations = {} -%}
    {%- for marketo in [0, 1] -%}{%- for stripe in [0, 1] -%}{%- for zendesk in [0, 1] -%}
        {%- do combinations.update({marketo ~ '-' ~ stripe ~ '-' ~ zendesk: marketo + stripe + zendesk}) -%}
    {%- endfor -%}{%- endfor -%}{%- endfor -%}
    {{- return(combinations) -}}
{% endmacro %}
