{# The sum of whole numbers of at most 18 digits, wide enough for what 64 bits cannot hold. #}
{% macro whole_sum(expression) %}
    {{- return(
        'cast(sum(cast(' ~ expression ~ ' as decimal(18, 0))) as ' ~ customer_health.type_whole_number() ~ ')'
    ) -}}
{% endmacro %}
