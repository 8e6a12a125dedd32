{#
    Text as a double: digits with optional sign, decimal point and exponent, blanks around it allowed.
    NULL for anything else (also 'nan', 'inf', '1_000', '0x1f', '1,000'). Too large becomes infinite,
    too small 0.
#}
{% macro text_to_double(column) %}
    {{- return(adapter.dispatch('text_to_double', 'customer_health')(column)) -}}
{% endmacro %}

{# What does not match is an empty text, and that no number. #}
{% macro default__text_to_double(column) %}
    {{- return(
        "try_cast(regexp_extract(cast(" ~ column ~ " as varchar), '" ~ customer_health.number_pattern() ~ "', 1) as "
        ~ customer_health.type_double() ~ ")"
    ) -}}
{% endmacro %}

{#
    Its cast fails on what a double cannot hold, so such numbers are told apart as texts and decimals.
    The bounds lie half a step beyond the smallest and the largest double: what rounds to them is cast.
#}
{% macro postgres__text_to_double(column) %}
    {%- set text = customer_health.trimmed(column) -%}
    {%- set number = "'^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?" -%}
    {%- set infinite = "when " ~ text ~ " like '-%' then cast('-infinity' as double precision)"
        ~ " else cast('infinity' as double precision) end" -%}
    {{- return(
        "case when " ~ text ~ " ~ " ~ number ~ "0*[0-9]{1,3})?$' and length(" ~ text ~ ") < 15000 then case"
        ~ " when abs(cast(" ~ text ~ " as numeric)) between 2.4703282292062327209e-324"
        ~ " and 1.79769313486231580793e308 then cast(" ~ text ~ " as double precision)"
        ~ " when abs(cast(" ~ text ~ " as numeric)) < 1 then 0 " ~ infinite
        ~ " when " ~ text ~ " ~ " ~ number ~ "[0-9]+)?$' then case"
        ~ " when " ~ text ~ " ~ '^[+-]?[0.]+([eE]|$)' or " ~ text ~ " ~ '[eE]-' then 0 " ~ infinite
        ~ " end"
    ) -}}
{% endmacro %}

{# The pattern stands in a raw text, as a backslash is an escape there. #}
{% macro spark__text_to_double(column) %}
    {{- return("try_cast(regexp_extract(" ~ column ~ ", r'" ~ customer_health.number_pattern() ~ "', 1) as double)") -}}
{% endmacro %}

{#
    A number (group 1) and what nobody sees around it. With it the text stands once in an expression: a plan of many
    copies takes DuckDB seconds, and Hive's catalog holds a view of 32,700 characters at most. Of Java's patterns, [$]
    too would match before a last line break.
#}
{% macro number_pattern() %}
    {%- set unseen = customer_health.unseen_characters() ~ '*' -%}
    {{- return('^' ~ unseen ~ '([+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?)' ~ unseen ~ '\\z') -}}
{% endmacro %}
