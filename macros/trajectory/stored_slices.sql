{#
    How a table of the history takes slices: those of the dates in the SELECT replace what is stored of
    these dates, all others stay. Spark does so by partition.
#}
{% macro slice_strategy() %}
    {{- return('insert_overwrite' if target.type == 'spark' else 'delete+insert') -}}
{% endmacro %}

{% macro slice_partition() %}
    {{- return(['as_of_date'] if target.type == 'spark' else none) -}}
{% endmacro %}

{#
    After a table of the history took its slices: drops those that the setting keep_days does not keep. On DuckDB
    their rows are first copied beside the work file and their dates noted; a date that is stored is noted no more.
#}
{% macro drop_old_slices() %}
    {%- if execute -%}
        {%- do customer_health.forget_dropped_dates(this) -%}
        {%- set days = customer_health.distinct_days(this, 'as_of_date') -%}
        {%- set first = customer_health.first_day_kept(days[-1] if days else customer_health.as_of_day()) -%}
        {%- set old = days | select('lt', first) | list -%}
        {%- if old -%}
            {%- do customer_health.copy_dropped_dates(this, old) -%}
            {%- do customer_health.note_dropped_dates(this, old) -%}
            {{- customer_health.drop_slices_before(this, customer_health.date_literal(first)) -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# DuckDB's notes of what was dropped from the tables of the history beside a table of it: table_name, as_of_date. #}
{% macro dropped_dates(relation) %}
    {{- return(relation.incorporate(path={'identifier': 'dropped_dates'}, type='table')) -}}
{% endmacro %}

{#
    Copies the rows of dates to Parquet files in `dropped_dates` beside DuckDB's file, one for each date, as
    `customer-health history drop` does. The other engines are servers, whose backups are the copy.
#}
{% macro copy_dropped_dates(relation, days) %}
    {%- set work = run_query('select path from duckdb_databases() where database_name = current_database()')[0][0]
        if target.type == 'duckdb' -%}
    {%- if work -%}
        {%- set folder = modules.re.sub('[^/]*$', '', work) ~ 'dropped_dates' -%}
        {#- A copy in parts is what makes a folder, also one of no rows. -#}
        {%- do run_query(
            'copy (select 1 as part, 1 as nothing where false) to ' ~ customer_health.text_literal(folder)
            ~ ' (format parquet, partition_by (part), overwrite_or_ignore)'
        ) -%}
        {%- for day in days -%}
            {%- do run_query(
                'copy (from ' ~ relation ~ ' where as_of_date = ' ~ customer_health.date_literal(day) ~ ') to '
                ~ customer_health.text_literal(folder ~ '/' ~ relation.identifier ~ '.' ~ day ~ '.parquet')
                ~ ' (format parquet, use_tmp_file true)'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{#
    Notes in DuckDB's file which dates are dropped: a publish of a file refuses to lose any other. On the
    other engines no file can come without its history.
#}
{% macro note_dropped_dates(relation, days) %}
    {%- if target.type == 'duckdb' -%}
        {%- set notes = customer_health.dropped_dates(relation) -%}
        {%- do run_query('create table if not exists ' ~ notes ~ ' (table_name varchar, as_of_date date)') -%}
        {%- do run_query(
            'insert into ' ~ notes ~ " select distinct '" ~ relation.identifier ~ "', as_of_date from " ~ relation
            ~ ' where as_of_date in (' ~ customer_health.date_literals(days) ~ ')'
        ) -%}
    {%- endif -%}
{% endmacro %}

{# Strikes the dates that are stored, once more, off the notes: whoever loses them later is to miss them. #}
{% macro forget_dropped_dates(relation) %}
    {%- set notes = customer_health.dropped_dates(relation) -%}
    {%- if target.type == 'duckdb' and load_relation(notes) is not none -%}
        {%- do run_query(
            'delete from ' ~ notes ~ " where table_name = '" ~ relation.identifier
            ~ "' and as_of_date in (select as_of_date from " ~ relation ~ ')'
        ) -%}
    {%- endif -%}
{% endmacro %}

{% macro drop_slices_before(relation, first) %}
    {{- return(adapter.dispatch('drop_slices_before', 'customer_health')(relation, first)) -}}
{% endmacro %}

{% macro default__drop_slices_before(relation, first) %}
    {{- return('delete from ' ~ relation ~ ' where as_of_date < ' ~ first) -}}
{% endmacro %}

{% macro spark__drop_slices_before(relation, first) %}
    {{- return('alter table ' ~ relation ~ ' drop if exists partition (as_of_date < ' ~ first ~ ')') -}}
{% endmacro %}

{#
    The columns that a table of the history has and this run does not fill, as typed NULLs: those of the
    metrics of earlier policies. A SELECT without them would not fit on every engine.
#}
{% macro columns_of_earlier_policies(known) %}
    {%- set columns = [] -%}
    {%- if execute and is_incremental() -%}
        {%- for column in adapter.get_columns_in_relation(this)
            if column.name | lower not in known and not column.name.startswith('#') -%}
            {%- do columns.append({'name': column.name, 'type': column.data_type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(columns) -}}
{% endmacro %}
