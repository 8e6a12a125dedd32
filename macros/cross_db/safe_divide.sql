{# numerator / denominator as a double; NULL when either is NULL or the denominator is 0. #}
{% macro safe_divide(numerator, denominator) %}
    {%- set double = customer_health.type_double() -%}
    {{- return(
        'cast(' ~ numerator ~ ' as ' ~ double ~ ') / nullif(cast(' ~ denominator ~ ' as ' ~ double ~ '), 0)'
    ) -}}
{% endmacro %}
