{#
    Exact continuous quantiles (linear interpolation) of a double expression, as one array in the
    order of `fractions`. One aggregate for all fractions: one copy of the values in memory.
#}
{% macro quantiles(expression, fractions) %}
    {{- return(adapter.dispatch('quantiles', 'customer_health')(expression, fractions)) -}}
{% endmacro %}

{% macro default__quantiles(expression, fractions) %}
    {{- return('quantile_cont(' ~ expression ~ ', [' ~ fractions | join(', ') ~ '])') -}}
{% endmacro %}

{# Element `position` (from 1) of an array expression. #}
{% macro array_element(expression, position) %}
    {{- return(adapter.dispatch('array_element', 'customer_health')(expression, position)) -}}
{% endmacro %}

{% macro default__array_element(expression, position) %}
    {{- return(expression ~ '[' ~ position ~ ']') -}}
{% endmacro %}
