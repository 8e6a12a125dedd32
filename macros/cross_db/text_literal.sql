{# A text as a SQL literal. #}
{% macro text_literal(text) %}
    {{- return(adapter.dispatch('text_literal', 'customer_health')(text)) -}}
{% endmacro %}

{% macro default__text_literal(text) %}
    {{- return("'" ~ text | replace("'", "''") ~ "'") -}}
{% endmacro %}

{# A backslash begins an escape there; before version 4, two apostrophes are none at all. #}
{% macro spark__text_literal(text) %}
    {{- return("'" ~ text | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") -}}
{% endmacro %}
