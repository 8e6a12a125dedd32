{# A double within 0 and 100; NULL for NULL. #}
{% macro clamped_score(expression) %}
    {{- return(
        'case when ' ~ expression ~ ' < 0 then ' ~ customer_health.double(0) ~ ' when ' ~ expression ~ ' > 100 then '
        ~ customer_health.double(100) ~ ' else ' ~ expression ~ ' end'
    ) -}}
{% endmacro %}
