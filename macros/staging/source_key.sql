{#
    The key of a source row as text; e-mail addresses in lower case. NULL where there is none: blank, or a word
    for nothing (NULL, \N, None, nan).

    Keys come from many tools, and an account too many or too few hangs on each: characters that nobody sees do
    not count, nor does ="..." around it (which tells a spreadsheet that digits are text), and a whole number is
    its digits (pandas makes doubles of ids with a gap). Beyond 2^53 doubles no longer tell two ids apart:
    check_source_table stops there.
#}
{% macro source_key(expression, column, kind) %}
    {%- set text = customer_health.as_text(expression, kind) -%}
    {%- if kind == 'double' -%}
        {{- return(
            'case when abs(' ~ expression ~ ') < 9007199254740992 then '
            ~ customer_health.text_replaced(customer_health.number_text(expression), '[.]0+\\z', '') ~ ' end'
        ) -}}
    {%- elif kind == 'decimal' -%}
        {{- return(customer_health.text_replaced(text, '[.]0+\\z', '')) -}}
    {%- endif -%}
    {%- set key = customer_health.key_text(text) -%}
    {{- return('lower(' ~ key ~ ')' if column == 'primary_email' else customer_health.crm_id_in_full(key)) -}}
{% endmacro %}

{#
    An account id of Salesforce that has 15 characters, as its reports write them, with the three that its other
    exports add: each says which of five characters are capitals. Any other key stays.
#}
{% macro crm_id_in_full(key) %}
    {%- set letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ' -%}
    {%- set others = 'abcdefghijklmnopqrstuvwxyz0123456789' -%}
    {#- Each sign behind the capitals that it stands for: |:00000A|:10000B and so on. -#}
    {%- set signs = [] -%}
    {%- for sign in letters ~ '012345' -%}
        {%- set number = loop.index0 -%}
        {%- set capitals = [] -%}
        {%- for place in range(5) -%}{%- do capitals.append((number // 2 ** place) % 2) -%}{%- endfor -%}
        {%- do signs.append(':' ~ capitals | join ~ sign) -%}
    {%- endfor -%}
    {%- set suffix = [] -%}
    {%- for first in [1, 6, 11] -%}
        {%- set capitals = "translate(substr(" ~ key ~ ', ' ~ first ~ ", 5), '" ~ letters ~ others ~ "', '"
            ~ '1' * 26 ~ '0' * 36 ~ "')" -%}
        {%- do suffix.append("substr('" ~ signs | join ~ "', position(':' || " ~ capitals ~ " in '" ~ signs | join ~ "') + 6, 1)") -%}
    {%- endfor -%}
    {{- return(
        'case when length(' ~ key ~ ') = 15 and ' ~ customer_health.text_matches(key, '^001[0-9A-Za-z]{12}\z')
        ~ ' then ' ~ key ~ ' || ' ~ suffix | join(' || ') ~ ' else ' ~ key ~ ' end'
    ) -}}
{% endmacro %}

{#
    A text as a key: see source_key. Letters and digits, more of them than a word for nothing has, are clean:
    the ids of most tools, of which there are millions.
#}
{% macro key_text(text) %}
    {%- set unseen = customer_health.unseen_characters() -%}
    {%- set invisible = '[' ~ customer_health.invisible_characters() ~ ']' -%}
    {%- set bare = customer_health.text_replaced(text, '^' ~ unseen ~ '*="(.*)"' ~ unseen ~ '*\\z', '\\1') -%}
    {%- set seen = customer_health.text_replaced(
        bare, '^' ~ unseen ~ '+|' ~ unseen ~ '+\\z|' ~ invisible ~ '+', ''
    ) -%}
    {%- set key = 'nullif(' ~ customer_health.text_replaced(seen, '(?i)^(null|none|nan|\\\\n)\\z', '') ~ ", '')" -%}
    {{- return(
        'case when ' ~ customer_health.text_matches(text, '^[0-9A-Za-z]{5,}\\z') ~ ' then cast(' ~ text ~ ' as '
        ~ customer_health.type_text() ~ ') else ' ~ key ~ ' end'
    ) -}}
{% endmacro %}
