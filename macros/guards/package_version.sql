{# The version of this package, as dbt_project.yml has it, which dbt shows to no macro. #}
{% macro package_version() %}
    {{- return('0.1.0') -}}
{% endmacro %}
