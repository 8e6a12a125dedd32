{#
    The columns that a source table really has: lower-case name -> kind, one of text, double,
    integer, decimal, boolean, date, timestamp, instant (a timestamp with time zone). Empty while dbt only
    parses the project.
#}
{% macro source_columns(relation) %}
    {%- set kinds = {} -%}
    {%- if execute -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- do kinds.update({column.name | lower: customer_health.kind_of_type(column.data_type)}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(kinds) -}}
{% endmacro %}

{% macro kind_of_type(data_type) %}
    {%- set name = data_type | lower -%}
    {%- if name.startswith('timestamp') and ('with time zone' in name or 'tz' in name and 'ntz' not in name) -%}
        {{- return('instant') -}}
    {%- elif name.startswith('timestamp') -%}{{- return('timestamp') -}}
    {%- elif name == 'date' -%}{{- return('date') -}}
    {%- elif name.startswith('bool') -%}{{- return('boolean') -}}
    {%- elif name.startswith('double') or name in ['float', 'real', 'float4', 'float8'] -%}{{- return('double') -}}
    {%- elif name.startswith('decimal') or name.startswith('numeric') -%}{{- return('decimal') -}}
    {%- elif 'int' in name and not name.startswith('interval') -%}{{- return('integer') -}}
    {%- else -%}{{- return('text') -}}
    {%- endif -%}
{% endmacro %}
