{#
    A double as the shortest text that stands for it; whole numbers without a decimal point. For numbers
    from 0.0001 to 2^53, which no engine writes with an exponent but Spark.
#}
{% macro number_text(column) %}
    {{- return(
        'case when floor(' ~ column ~ ') = ' ~ column ~ ' then cast(cast(' ~ column ~ ' as bigint) as '
        ~ customer_health.type_text() ~ ') else ' ~ customer_health.fraction_text(column) ~ ' end'
    ) -}}
{% endmacro %}

{# The same for a number that is not whole. #}
{% macro fraction_text(column) %}
    {{- return(adapter.dispatch('fraction_text', 'customer_health')(column)) -}}
{% endmacro %}

{% macro default__fraction_text(column) %}
    {{- return('cast(' ~ column ~ ' as ' ~ customer_health.type_text() ~ ')') -}}
{% endmacro %}

{# From ten million on it writes an exponent; its decimals are made of the shortest text. #}
{% macro spark__fraction_text(column) %}
    {{- return("trim(trailing '0' from cast(cast(" ~ column ~ ' as decimal(38, 20)) as string))') -}}
{% endmacro %}
