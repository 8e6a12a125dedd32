{# The SHA-256 of a text in UTF-8, as 64 hex digits in lower case: the same on every engine. #}
{% macro text_sha256(expression) %}
    {{- return(adapter.dispatch('text_sha256', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__text_sha256(expression) %}
    {{- return('sha256(' ~ expression ~ ')') -}}
{% endmacro %}

{% macro postgres__text_sha256(expression) %}
    {{- return('encode(sha256(convert_to(' ~ expression ~ ", 'UTF8')), 'hex')") -}}
{% endmacro %}

{% macro spark__text_sha256(expression) %}
    {{- return('sha2(' ~ expression ~ ', 256)') -}}
{% endmacro %}
