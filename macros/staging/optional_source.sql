{# Whether an optional source table is there; false while dbt only parses the project. #}
{% macro optional_source_exists(relation) %}
    {%- if not execute -%}{{- return(false) -}}{%- endif -%}
    {{- return(adapter.get_relation(relation.database, relation.schema, relation.identifier) is not none) -}}
{% endmacro %}

{# The rows of an optional source table as a SELECT; without the table one that gives none. #}
{% macro optional_source_rows(relation) %}
    {%- if customer_health.optional_source_exists(relation) -%}
        {{- return('select written.* from ' ~ customer_health.source_rows(relation) ~ ' as written') -}}
    {%- endif -%}
    {{- return(customer_health.rows_as_table({'account_id': customer_health.type_text()}, [])) -}}
{% endmacro %}

{# The columns of an optional source table -> kind; none without the table. #}
{% macro optional_source_columns(relation) %}
    {%- if not customer_health.optional_source_exists(relation) -%}{{- return({}) -}}{%- endif -%}
    {{- return(customer_health.source_columns(relation)) -}}
{% endmacro %}

{# A column of days as a date; NULL where it cannot be read, or where the table lacks it. #}
{% macro cleaned_day(column, kinds) %}
    {%- if column not in kinds -%}{{- return('cast(null as date)') -}}{%- endif -%}
    {{- return('cast(' ~ customer_health.parsed_moment(column, 'timestamp', kinds[column]) ~ ' as date)') -}}
{% endmacro %}
