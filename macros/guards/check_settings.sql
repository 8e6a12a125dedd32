{# Run start: stops the run when a setting contradicts itself or another. Returns nothing to run. #}
{% macro check_settings() %}
    {%- do customer_health.as_of_date() -%}
    {%- set subjects = ['account_health'] -%}
    {%- for subject in var('customer_health_subjects') -%}
        {%- do customer_health.check_choice('setting customer_health_subjects', subject, subjects) -%}
    {%- endfor -%}
    {%- do customer_health.check_list('setting customer_health_industries', var('customer_health_industries')) -%}
    {%- do customer_health.check_unique(
        'setting customer_health_industries', var('customer_health_industries') + ['Unknown']
    ) -%}
    {%- do customer_health.check_list('setting customer_health_size_segments', var('customer_health_size_segments')) -%}
    {%- do customer_health.check_unique(
        'setting customer_health_size_segments', var('customer_health_size_segments') + ['Unknown']
    ) -%}
    {%- set risk_levels = var('customer_health_risk_levels') -%}
    {%- do customer_health.check_list('setting customer_health_risk_levels', risk_levels) -%}
    {%- for rung in risk_levels -%}
        {%- do customer_health.check_keys(
            'setting customer_health_risk_levels', rung, ['risk_level', 'at_least'], []
        ) -%}
        {%- do customer_health.check_number(
            'setting customer_health_risk_levels, level ' ~ rung.risk_level, rung.at_least, 0, 1
        ) -%}
    {%- endfor -%}
    {%- do customer_health.check_descending(
        'setting customer_health_risk_levels', risk_levels | map(attribute='at_least') | list
    ) -%}
    {%- if risk_levels[-1].at_least != 0 -%}
        {{- customer_health.raise_error(
            'setting customer_health_risk_levels', 'leaves a gap below ' ~ risk_levels[-1].at_least,
            'let the last level start at 0'
        ) -}}
    {%- endif -%}
    {%- do customer_health.check_number(
        'setting customer_health_small_sample', var('customer_health_small_sample'), 0, none
    ) -%}
    {%- do customer_health.policies() -%}
{% endmacro %}
