{#
    After account_health_slices took its slices: owners that were stored under another setting become what
    customer_health_personal_data wants. What was hashed or dropped does not come back.
#}
{% macro settle_stored_owners() %}
    {%- set wanted = customer_health.personal_data() -%}
    {%- if execute and wanted != 'keep' -%}
        {%- set condition = 'owner_id is not null' -%}
        {%- if wanted == 'hash' -%}
            {%- set condition = 'not ' ~ customer_health.text_matches('owner_id', '^[0-9a-f]{64}\\z') -%}
        {%- endif -%}
        {{- customer_health.replace_stored_owners(
            this, customer_health.as_personal_data('owner_id', 'owner_id'), condition
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro replace_stored_owners(relation, owner, condition) %}
    {{- return(adapter.dispatch('replace_stored_owners', 'customer_health')(relation, owner, condition)) -}}
{% endmacro %}

{% macro default__replace_stored_owners(relation, owner, condition) %}
    {{- return('update ' ~ relation ~ ' set owner_id = ' ~ owner ~ ' where ' ~ condition) -}}
{% endmacro %}

{# Spark changes no row: the partitions concerned are written anew, from a copy, as none is read while it is written. #}
{% macro spark__replace_stored_owners(relation, owner, condition) %}
    {%- set days = customer_health.distinct_days(relation, 'case when ' ~ condition ~ ' then as_of_date end') -%}
    {%- if not days -%}{{- return('') -}}{%- endif -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) if not column.name.startswith('#') and column.name != 'as_of_date' -%}
        {%- do columns.append(
            'case when ' ~ condition ~ ' then ' ~ owner ~ ' else owner_id end as owner_id' if column.name == 'owner_id'
            else adapter.quote(column.name)
        ) -%}
    {%- endfor -%}
    {%- set copy = relation.incorporate(path={'identifier': relation.identifier ~ '__owners'}) -%}
    {%- do run_query('drop table if exists ' ~ copy) -%}
    {%- do run_query(
        'create table ' ~ copy ~ ' using parquet as select ' ~ columns | join(', ') ~ ', as_of_date from ' ~ relation
        ~ ' where as_of_date in (' ~ customer_health.date_literals(days) ~ ')'
    ) -%}
    {%- do run_query('set spark.sql.sources.partitionOverwriteMode = dynamic') -%}
    {%- do run_query('insert overwrite table ' ~ relation ~ ' partition (as_of_date) select * from ' ~ copy) -%}
    {{- return('drop table ' ~ copy) -}}
{% endmacro %}
