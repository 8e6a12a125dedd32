{# The setting customer_health_history, checked: keep_days and backfill. #}
{% macro history_settings() %}
    {%- set where = 'setting customer_health_history' -%}
    {%- set settings = var('customer_health_history') -%}
    {%- do customer_health.check_keys(where, settings, ['keep_days', 'backfill'], []) -%}
    {%- do customer_health.check_whole_number(where ~ ', keep_days', settings.keep_days, 0, 36500) -%}
    {%- do customer_health.check_choice(where ~ ', backfill', settings.backfill, ['missing', 'all', 'none']) -%}
    {{- return(settings) -}}
{% endmacro %}
