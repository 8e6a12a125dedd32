{# A whole row as JSON text, given the alias of its table and the columns to show. #}
{% macro row_text(table_alias, columns) %}
    {{- return(adapter.dispatch('row_text', 'customer_health')(table_alias, columns)) -}}
{% endmacro %}

{% macro default__row_text(table_alias, columns) %}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- do pairs.append(column ~ ' := ' ~ table_alias ~ '.' ~ column) -%}
    {%- endfor -%}
    {{- return('cast(to_json(struct_pack(' ~ pairs | join(', ') ~ ')) as varchar)') -}}
{% endmacro %}

{% macro postgres__row_text(table_alias, columns) %}
    {{- return(
        'cast(row_to_json((select columns_shown from (select ' ~ table_alias ~ '.'
        ~ columns | join(', ' ~ table_alias ~ '.') ~ ') as columns_shown)) as text)'
    ) -}}
{% endmacro %}

{% macro spark__row_text(table_alias, columns) %}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- do pairs.append("'" ~ column ~ "', " ~ table_alias ~ '.' ~ column) -%}
    {%- endfor -%}
    {{- return('to_json(named_struct(' ~ pairs | join(', ') ~ "), map('ignoreNullFields', 'false'))") -}}
{% endmacro %}
