{#
    Run start, on DuckDB: gives the work file back the dates that the published file has and it has not, since
    it is new, lost or old. What was scored on past days is nowhere else. A date that was dropped stays so.
    A run that is killed here is made good by the next one.
#}
{% macro restore_history() %}
    {%- if execute and target.type == 'duckdb' and flags.WHICH in ['build', 'run'] -%}
        {%- set published = env_var('CUSTOMER_HEALTH_PUBLISHED', '') or 'warehouse/customer_health.duckdb' -%}
        {%- set work = run_query('select path from duckdb_databases() where database_name = current_database()')[0][0] or '' -%}
        {%- if run_query('select 1 from glob(' ~ customer_health.text_literal(published) ~ ')').rows
            and not ('/' ~ work).endswith('/' ~ published) -%}
            {%- do run_query('attach if not exists ' ~ customer_health.text_literal(published) ~ ' as published_history (read_only)') -%}
            {%- do customer_health.take_over_history('published_history', work, published) -%}
            {%- do adapter.commit() -%}
            {%- do run_query('detach published_history') -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# Copies the lost dates of each table of the history from an attached database, and says so. #}
{% macro take_over_history(database, work, published) %}
    {%- set tables = run_query(
        "select table_name from duckdb_tables() where schema_name = 'history' and database_name = '" ~ database
        ~ "' order by table_name = 'dropped_dates', table_name"
    ).columns[0].values() -%}
    {%- set taken = [] -%}
    {%- for table in tables -%}
        {%- set source = api.Relation.create(database=database, schema='history', identifier=table) -%}
        {%- set kept = source.incorporate(path={'database': target.database}, type='table') -%}
        {%- if load_relation(kept) is none -%}
            {%- do run_query('create schema if not exists ' ~ kept.without_identifier()) -%}
            {%- do run_query('create table ' ~ kept ~ ' as from ' ~ source ~ (' limit 0' if table != 'dropped_dates' else '')) -%}
            {%- do adapter.cache_added(kept) -%}
        {%- endif -%}
        {%- set days = customer_health.lost_days(source, kept) if table != 'dropped_dates' else [] -%}
        {%- if days -%}
            {%- do alter_relation_add_remove_columns(kept, adapter.get_missing_columns(source, kept), none) -%}
            {%- do run_query(
                'insert into ' ~ kept ~ ' by name select * from ' ~ source
                ~ ' where as_of_date in (' ~ customer_health.date_literals(days) ~ ')'
            ) -%}
            {%- do taken.extend(days) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if taken -%}
        {%- set days = taken | unique | sort -%}
        {%- do log(
            work ~ ' had no history of scores for ' ~ '{:,}'.format(days | length) ~ ' of the stored dates ('
            ~ days[0] ~ ' to ' ~ days[-1] ~ '); it is taken over from ' ~ published ~ '.', info=true
        ) -%}
    {%- endif -%}
{% endmacro %}

{# The days of a table of the published history that the kept one lacks, unless they were dropped. #}
{% macro lost_days(source, kept) %}
    {%- set notes = customer_health.dropped_dates(kept) -%}
    {%- set known = ' except select as_of_date from ' ~ kept -%}
    {%- if load_relation(notes) is not none -%}
        {%- set known = known ~ ' except select as_of_date from ' ~ notes ~ " where table_name = '" ~ kept.identifier ~ "'" -%}
    {%- endif -%}
    {{- return(customer_health.distinct_days('(select as_of_date from ' ~ source ~ known ~ ')', 'as_of_date')) -}}
{% endmacro %}
