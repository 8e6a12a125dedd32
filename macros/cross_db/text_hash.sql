{# A 64-bit hash of a text. Different texts may share one: use it to narrow down, then compare. #}
{% macro text_hash(expression) %}
    {{- return(adapter.dispatch('text_hash', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__text_hash(expression) %}
    {{- return('hash(' ~ expression ~ ')') -}}
{% endmacro %}

{% macro postgres__text_hash(expression) %}
    {{- return('hashtextextended(' ~ expression ~ ', 0)') -}}
{% endmacro %}

{% macro spark__text_hash(expression) %}
    {{- return('xxhash64(' ~ expression ~ ')') -}}
{% endmacro %}
