{# The setting as_of_date as a date literal; empty means the date on which the run started. #}
{% macro as_of_date() %}
    {%- set text = (var('as_of_date') or run_started_at.strftime('%Y-%m-%d')) | string -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', text) -%}
        {{- customer_health.raise_error(
            'setting as_of_date', 'is ' ~ text, 'write it as YYYY-MM-DD'
        ) -}}
    {%- endif -%}
    {{- return("cast('" ~ text ~ "' as date)") -}}
{% endmacro %}
