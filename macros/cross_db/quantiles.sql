{#
    Exact continuous quantiles with linear interpolation, lower + (upper - lower) x fraction, the same
    to the last bit on every engine and exactly the value itself among ties. (The engines' own
    functions interpolate in different ways: DuckDB's lower x (1 - f) + upper x f misses a tied value by
    a rounding error, and an account on a cut-off would change its tier.)

    Two aggregates: `discrete_quantiles` finds a value at or beside the quantile, `quantile_counts`
    counts what lies around it, and `interpolated_quantile` reads the two neighbours from that.
#}

{# Values of the column at the given fractions, as one array; one copy of the values in memory. #}
{% macro discrete_quantiles(expression, fractions) %}
    {{- return(adapter.dispatch('discrete_quantiles', 'customer_health')(expression, fractions)) -}}
{% endmacro %}

{% macro default__discrete_quantiles(expression, fractions) %}
    {{- return('quantile_disc(' ~ expression ~ ', [' ~ fractions | join(', ') ~ '])') -}}
{% endmacro %}

{% macro postgres__discrete_quantiles(expression, fractions) %}
    {{- return(
        'percentile_disc(cast(array[' ~ fractions | join(', ') ~ '] as double precision[])) within group (order by '
        ~ expression ~ ')'
    ) -}}
{% endmacro %}

{% macro spark__discrete_quantiles(expression, fractions) %}
    {%- set quantiles = [] -%}
    {%- for fraction in fractions -%}
        {%- do quantiles.append('percentile_disc(' ~ fraction ~ ') within group (order by ' ~ expression ~ ')') -%}
    {%- endfor -%}
    {{- return('array(' ~ quantiles | join(', ') ~ ')') -}}
{% endmacro %}

{# Element `position` (from 1) of an array expression. #}
{% macro array_element(expression, position) %}
    {{- return(adapter.dispatch('array_element', 'customer_health')(expression, position)) -}}
{% endmacro %}

{% macro default__array_element(expression, position) %}
    {{- return('(' ~ expression ~ ')[' ~ position ~ ']') -}}
{% endmacro %}

{% macro spark__array_element(expression, position) %}
    {{- return('element_at(' ~ expression ~ ', ' ~ position ~ ')') -}}
{% endmacro %}

{# What lies around `candidate` among the values, as columns <name>__count, __value, __less, ... #}
{% macro quantile_counts(value, candidate, name) %}
        count({{ value }}) as {{ name }}__count,
        max({{ candidate }}) as {{ name }}__value,
        count(case when {{ value }} < {{ candidate }} then 1 end) as {{ name }}__less,
        count(case when {{ value }} <= {{ candidate }} then 1 end) as {{ name }}__not_more,
        max(case when {{ value }} < {{ candidate }} then {{ value }} end) as {{ name }}__below,
        min(case when {{ value }} > {{ candidate }} then {{ value }} end) as {{ name }}__above
{%- endmacro %}

{# The quantile at `fraction`, from the columns of `quantile_counts`; NULL without values. #}
{% macro interpolated_quantile(name, fraction) %}
    {%- if fraction is not number or fraction < 0 or fraction > 1 -%}
        {{- customer_health.raise_argument_error(
            'interpolated_quantile', 'fraction', fraction, 'a number from 0 to 1'
        ) -}}
    {%- endif -%}
    {%- set position = customer_health.double(fraction) ~ ' * (' ~ name ~ '__count - 1)' -%}
    {%- set lower = customer_health.ordered_value(name, 'floor(' ~ position ~ ')') -%}
    {%- set upper = customer_health.ordered_value(name, 'ceil(' ~ position ~ ')') -%}
    {{- return(
        lower ~ ' + (' ~ upper ~ ' - ' ~ lower ~ ') * (' ~ position ~ ' - floor(' ~ position ~ '))'
    ) -}}
{% endmacro %}

{# The value at a place (from 0) that is at most one beside the candidate's own. #}
{% macro ordered_value(name, place) %}
    {{- return(
        'case when ' ~ place ~ ' < ' ~ name ~ '__less then ' ~ name ~ '__below when ' ~ place ~ ' >= '
        ~ name ~ '__not_more then ' ~ name ~ '__above else ' ~ name ~ '__value end'
    ) -}}
{% endmacro %}

{# Exact continuous median of a double expression. #}
{% macro exact_median(expression) %}
    {{- return(adapter.dispatch('exact_median', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__exact_median(expression) %}
    {{- return('quantile_cont(' ~ expression ~ ', 0.5)') -}}
{% endmacro %}

{# Half of each of the two in the middle, as DuckDB does it; the other engines' own adds half the difference. #}
{% macro postgres__exact_median(expression) %}
    {%- set middle = 'percentile_disc(0.5) within group (order by ' ~ expression -%}
    {{- return('(' ~ middle ~ ') * 0.5 + ' ~ middle ~ ' desc) * 0.5)') -}}
{% endmacro %}

{% macro spark__exact_median(expression) %}
    {{- return(customer_health.postgres__exact_median(expression)) -}}
{% endmacro %}
