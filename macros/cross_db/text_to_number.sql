{#
    Text as a double: digits with optional sign, decimal point and exponent, blanks around it allowed.
    NULL for anything else (also 'nan', 'inf', '1_000', '0x1f', '1,000').
#}
{% macro text_to_double(column) %}
    {{- return(adapter.dispatch('text_to_double', 'customer_health')(column)) -}}
{% endmacro %}

{% macro default__text_to_double(column) %}
    {{- return(
        "case when regexp_matches(trim(" ~ column
        ~ "), '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$') then try_cast(trim(" ~ column
        ~ ") as " ~ customer_health.type_double() ~ ") end"
    ) -}}
{% endmacro %}
