{#
    A double, rounded half up to six decimals, as decimal(precision, 6).
    The rounding is spelled out because the three engines' own casts treat ties differently. The whole
    part goes apart from the rest: shifted by six places, a large double has no room for the half.
    Precision 9 holds numbers below 1000, which have.
#}
{% macro to_decimal(expression, precision=28) %}
    {{- return(adapter.dispatch('to_decimal', 'customer_health')(expression, precision)) -}}
{% endmacro %}

{% macro default__to_decimal(expression, precision) %}
    {%- if precision <= 9 -%}
        {{- return(customer_health.from_millionths(customer_health.to_millionths(expression))) -}}
    {%- endif -%}
    {{- return(
        'cast(cast(cast(floor(' ~ expression ~ ') as hugeint) * 1000000 + cast(floor((' ~ expression
        ~ ' - floor(' ~ expression ~ ')) * 1000000 + 0.5) as hugeint) as decimal(' ~ precision
        ~ ', 0)) * cast(0.000001 as decimal(7, 6)) as decimal(' ~ precision ~ ', 6))'
    ) -}}
{% endmacro %}

{#
    Where no exact cast leads from a double to a wide decimal: the number in blocks of 2^20, what is
    left in whole numbers, and the rest, each of which is exact in a cast. Below 9e24 in all.
    The block next to the number will do: the one below would put a small negative number far from 0,
    where its last digits have no room. 1 more, as Postgres refuses a quotient too small for a double.
#}
{% macro postgres__to_decimal(expression, precision) %}
    {%- if precision <= 9 -%}
        {{- return(customer_health.default__to_decimal(expression, precision)) -}}
    {%- endif -%}
    {%- set block = customer_health.double(1048576) -%}
    {%- set blocks = 'cast((' ~ expression ~ ' + 1) / ' ~ block ~ ' as bigint)' -%}
    {%- set left_over = '(' ~ expression ~ ' - ' ~ blocks ~ ' * ' ~ block ~ ')' -%}
    {{- return(
        'cast(cast(' ~ blocks ~ ' as decimal(20, 0)) * cast(1048576 as decimal(7, 0))'
        ~ ' + cast(cast(floor(' ~ left_over ~ ') as bigint) as decimal(7, 0))'
        ~ ' + cast(cast(floor((' ~ left_over ~ ' - floor(' ~ left_over
        ~ ')) * 1000000 + 0.5) as bigint) as decimal(7, 0)) * cast(0.000001 as decimal(7, 6))'
        ~ ' as decimal(' ~ precision ~ ', 6))'
    ) -}}
{% endmacro %}

{% macro spark__to_decimal(expression, precision) %}
    {{- return(customer_health.postgres__to_decimal(expression, precision)) -}}
{% endmacro %}

{# A double below 1000, rounded half up to whole millionths; stays a double, which holds them exactly. #}
{% macro to_millionths(expression) %}
    {{- return('floor((' ~ expression ~ ') * 1000000 + 0.5)') -}}
{% endmacro %}

{# Whole millionths (a double) as decimal(9, 6): the cast finds the decimal that the quotient stands for. #}
{% macro from_millionths(expression) %}
    {{- return(
        'cast((' ~ expression ~ ') / ' ~ customer_health.double(1000000) ~ ' as decimal(9, 6))'
    ) -}}
{% endmacro %}
