{#
    A table written out row by row from settings. columns: name -> type; rows: lists of SQL values in
    the same order. Without rows the table is empty but typed.
#}
{% macro rows_as_table(columns, rows) %}
select
    {%- for name, type in columns.items() %}
    cast({{ name if rows else 'null' }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- if rows %}
from (
    values
    {%- for row in rows %}
    ({{ row | join(', ') }}){{ ',' if not loop.last }}
    {%- endfor %}
) as written ({{ columns | join(', ') }})
{%- else %}
where false
{%- endif %}
{% endmacro %}

{# A setting as a SQL literal: text in quotes, none as null, numbers and booleans as they are. #}
{% macro sql_literal(value) %}
    {%- if value is none -%}{{- return('null') -}}
    {%- elif value is string -%}{{- return(customer_health.text_literal(value)) -}}
    {%- elif value is boolean -%}{{- return('true' if value else 'false') -}}
    {%- else -%}{{- return(value) -}}
    {%- endif -%}
{% endmacro %}
