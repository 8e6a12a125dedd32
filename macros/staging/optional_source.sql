{# Whether an optional source table is there; false while dbt only parses the project. #}
{% macro optional_source_exists(relation) %}
    {%- if not execute -%}{{- return(false) -}}{%- endif -%}
    {{- return(adapter.get_relation(relation.database, relation.schema, relation.identifier) is not none) -}}
{% endmacro %}
