{#
    As the root project, models land in exactly the schema they name: staging, ..., marts. A server's
    schemas have readers at any time, so there a build goes into a set of its own (marts__next, ...),
    which takes the place of the old one after the tests. CUSTOMER_HEALTH_SET names the set. The history
    grows from build to build and belongs to no set.
#}
{% macro generate_schema_name(custom_schema_name, node) %}
    {%- set schema = target.schema if custom_schema_name is none else custom_schema_name | trim -%}
    {{- return(schema if target.type == 'duckdb' or schema == 'history' else schema ~ '__' ~ env_var('CUSTOMER_HEALTH_SET', 'next')) -}}
{% endmacro %}
