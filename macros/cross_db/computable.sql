{#
    A double without what is too small to compute with: Postgres fails on a product or quotient that
    only rounds to 0. Up to 1e-100 becomes 0 (or about 0) there; nothing that large is changed.
#}
{% macro computable(expression) %}
    {{- return(adapter.dispatch('computable', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__computable(expression) %}{{ return(expression) }}{% endmacro %}

{% macro postgres__computable(expression) %}
    {%- set tiny = customer_health.double('1e-100') -%}
    {{- return('(' ~ expression ~ ' + ' ~ tiny ~ ' - ' ~ tiny ~ ')') -}}
{% endmacro %}
