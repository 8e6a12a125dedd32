{# The 64-bit floating-point type: dbt's own type_float() is 32-bit on two of our engines. #}
{% macro type_double() %}
    {{- return(adapter.dispatch('type_double', 'customer_health')()) -}}
{% endmacro %}

{% macro default__type_double() %}{{ return('double') }}{% endmacro %}
{% macro postgres__type_double() %}{{ return('double precision') }}{% endmacro %}

{% macro type_text() %}
    {{- return(adapter.dispatch('type_text', 'customer_health')()) -}}
{% endmacro %}

{% macro default__type_text() %}{{ return('varchar') }}{% endmacro %}
{% macro postgres__type_text() %}{{ return('text') }}{% endmacro %}
{% macro spark__type_text() %}{{ return('string') }}{% endmacro %}

{# The widest whole numbers: at least 37 digits, computed exactly. #}
{% macro type_whole_number() %}
    {{- return(adapter.dispatch('type_whole_number', 'customer_health')()) -}}
{% endmacro %}

{% macro default__type_whole_number() %}{{ return('hugeint') }}{% endmacro %}
{% macro postgres__type_whole_number() %}{{ return('numeric') }}{% endmacro %}
{% macro spark__type_whole_number() %}{{ return('decimal(38, 0)') }}{% endmacro %}
