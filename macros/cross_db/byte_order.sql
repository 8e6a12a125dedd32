{# A text to sort by, byte by byte whatever the language of the database. #}
{% macro byte_order(expression) %}
    {{- return(adapter.dispatch('byte_order', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__byte_order(expression) %}{{ return(expression) }}{% endmacro %}
{% macro postgres__byte_order(expression) %}{{ return('(' ~ expression ~ ') collate "C"') }}{% endmacro %}
