{#
    A text without what nobody sees around it: Unicode's separators, control and format characters (a tab, a
    zero-width space, a byte order mark).
#}
{% macro trimmed(expression) %}
    {%- set unseen = customer_health.unseen_characters() -%}
    {{- return(customer_health.text_replaced(expression, '^' ~ unseen ~ '+|' ~ unseen ~ '+\\z', '')) -}}
{% endmacro %}

{# Those characters as the class of a pattern. #}
{% macro unseen_characters() %}
    {{- return('[' ~ customer_health.separators() ~ customer_health.invisible_characters() ~ ']') -}}
{% endmacro %}

{# Unicode's separators, as they stand between the brackets of a class. #}
{% macro separators() %}{{ return(adapter.dispatch('separators', 'customer_health')()) }}{% endmacro %}

{% macro default__separators() %}{{ return('\\p{Z}') }}{% endmacro %}

{# Its patterns know no categories: those of the basic plane, in full. #}
{% macro postgres__separators() %}
    {{- return('\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000') -}}
{% endmacro %}

{# Unicode's control and format characters, as they stand between the brackets of a class. #}
{% macro invisible_characters() %}
    {{- return(adapter.dispatch('invisible_characters', 'customer_health')()) -}}
{% endmacro %}

{% macro default__invisible_characters() %}{{ return('\\p{Cc}\\p{Cf}') }}{% endmacro %}

{% macro postgres__invisible_characters() %}
    {{- return(
        '\\u0001-\\u001f\\u007f-\\u009f\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u180e'
        ~ '\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb'
    ) -}}
{% endmacro %}

{#
    A text with every match of a pattern replaced. `\z` is the end of the text, `\1` the first group; apart from
    them the pattern is one that the three engines read alike.
#}
{% macro text_replaced(expression, pattern, by) %}
    {{- return(adapter.dispatch('text_replaced', 'customer_health')(expression, pattern, by)) -}}
{% endmacro %}

{# The cast is for types like uuid. #}
{% macro default__text_replaced(expression, pattern, by) %}
    {{- return('regexp_replace(cast(' ~ expression ~ " as varchar), '" ~ pattern ~ "', '" ~ by ~ "', 'g')") -}}
{% endmacro %}

{% macro postgres__text_replaced(expression, pattern, by) %}
    {{- return(
        'regexp_replace(cast(' ~ expression ~ " as text), '" ~ pattern | replace('\\z', '$') ~ "', '" ~ by ~ "', 'g')"
    ) -}}
{% endmacro %}

{% macro spark__text_replaced(expression, pattern, by) %}
    {{- return('regexp_replace(' ~ expression ~ ", r'" ~ pattern ~ "', '" ~ by | replace('\\', '$') ~ "')") -}}
{% endmacro %}

{# Whether a text matches a pattern, written as for text_replaced; NULL for NULL. #}
{% macro text_matches(expression, pattern) %}
    {{- return(adapter.dispatch('text_matches', 'customer_health')(expression, pattern)) -}}
{% endmacro %}

{% macro default__text_matches(expression, pattern) %}
    {{- return('regexp_matches(cast(' ~ expression ~ " as varchar), '" ~ pattern ~ "')") -}}
{% endmacro %}

{% macro postgres__text_matches(expression, pattern) %}
    {{- return('cast(' ~ expression ~ " as text) ~ '" ~ pattern | replace('\\z', '$') ~ "'") -}}
{% endmacro %}

{% macro spark__text_matches(expression, pattern) %}
    {{- return(expression ~ " rlike r'" ~ pattern ~ "'") -}}
{% endmacro %}
