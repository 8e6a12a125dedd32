{# As the root project, models land in exactly the schema they name: raw, staging, ..., marts. #}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- return(target.schema if custom_schema_name is none else custom_schema_name | trim) -}}
{% endmacro %}
