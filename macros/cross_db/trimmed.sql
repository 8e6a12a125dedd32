{# A text without the blanks around it: all of Unicode's separators, not the space alone. #}
{% macro trimmed(expression) %}
    {{- return(adapter.dispatch('trimmed', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__trimmed(expression) %}{{ return('trim(' ~ expression ~ ')') }}{% endmacro %}

{# The trim of the other two takes off nothing but spaces, and Postgres has none for types like uuid. #}
{% macro postgres__trimmed(expression) %}
    {{- return('btrim(cast(' ~ expression ~ " as text), e'" ~ customer_health.blanks() ~ "')") -}}
{% endmacro %}

{% macro spark__trimmed(expression) %}
    {{- return("trim(both '" ~ customer_health.blanks() ~ "' from " ~ expression ~ ')') -}}
{% endmacro %}

{# Unicode's category Zs, which DuckDB's trim takes off, as escapes in a SQL literal. #}
{% macro blanks() %}
    {{- return(
        '\\u0020\\u00a0\\u1680\\u2000\\u2001\\u2002\\u2003\\u2004\\u2005\\u2006\\u2007\\u2008\\u2009\\u200a'
        ~ '\\u202f\\u205f\\u3000'
    ) -}}
{% endmacro %}
