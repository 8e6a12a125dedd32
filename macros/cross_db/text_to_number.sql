{#
    Text as a double: digits with optional sign, decimal point and exponent, blanks around it allowed.
    NULL for anything else (also 'nan', 'inf', '1_000', '0x1f', '1,000'). Too large becomes infinite,
    too small 0.
#}
{% macro text_to_double(column) %}
    {{- return(adapter.dispatch('text_to_double', 'customer_health')(column)) -}}
{% endmacro %}

{% macro default__text_to_double(column) %}
    {%- set text = customer_health.trimmed(column) -%}
    {{- return(
        "case when regexp_matches(" ~ text
        ~ ", '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$') then try_cast(" ~ text
        ~ " as " ~ customer_health.type_double() ~ ") end"
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

{#
    The text once, as Hive's catalog holds a view of 32,700 characters at most. What does not match is
    an empty text, and that no number. Of Java's patterns, [$] too would match before a last line break.
#}
{% macro spark__text_to_double(column) %}
    {{- return(
        "try_cast(regexp_extract(" ~ column ~ ", r'^" ~ customer_health.unseen_characters()
        ~ "*([+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?)" ~ customer_health.unseen_characters()
        ~ "*\\z', 1) as double)"
    ) -}}
{% endmacro %}
