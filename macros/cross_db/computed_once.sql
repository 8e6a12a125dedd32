{#
    Ends a CTE whose columns are used more than once. Postgres would put their expressions in the place
    of each use, and on the next level again: a score that takes a microsecond then takes a minute.
#}
{% macro computed_once() %}
    {{- return(adapter.dispatch('computed_once', 'customer_health')()) -}}
{% endmacro %}

{% macro default__computed_once() %}{{ return('') }}{% endmacro %}
{% macro postgres__computed_once() %}{{ return('offset 0') }}{% endmacro %}
