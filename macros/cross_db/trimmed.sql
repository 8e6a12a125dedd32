{# A text without the blanks around it: all of Unicode's separators, not the space alone. #}
{% macro trimmed(expression) %}
    {{- return(adapter.dispatch('trimmed', 'customer_health')(expression)) -}}
{% endmacro %}

{# The cast is for types like uuid, of which no engine trims any. #}
{% macro default__trimmed(expression) %}
    {{- return('trim(cast(' ~ expression ~ ' as varchar))') -}}
{% endmacro %}

{# The trim of the other two takes off nothing but spaces. #}
{% macro postgres__trimmed(expression) %}
    {{- return('btrim(cast(' ~ expression ~ " as text), '" ~ customer_health.blanks() ~ "')") -}}
{% endmacro %}

{% macro spark__trimmed(expression) %}
    {{- return("trim(both '" ~ customer_health.blanks() ~ "' from " ~ expression ~ ')') -}}
{% endmacro %}

{# What DuckDB's trim takes off: Unicode's category Zs, from the space to the ideographic one. #}
{% macro blanks() %}
    {{- return(
        '\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f'
        ~ '\u205f\u3000'
    ) -}}
{% endmacro %}
