{# A 64-bit hash of a text. Different texts may share one: use it to narrow down, then compare. #}
{% macro text_hash(expression) %}
    {{- return(adapter.dispatch('text_hash', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__text_hash(expression) %}
    {{- return('hash(' ~ expression ~ ')') -}}
{% endmacro %}
