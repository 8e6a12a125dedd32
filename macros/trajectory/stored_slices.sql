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

{# After a table of the history took its slices: drops those that the setting keep_days does not keep. #}
{% macro drop_old_slices() %}
    {%- if execute and customer_health.history_settings().keep_days > 0 -%}
        {%- set days = customer_health.distinct_days(this, 'as_of_date') -%}
        {%- set first = customer_health.first_day_kept(days[-1] if days else customer_health.as_of_day()) -%}
        {%- if days and days[0] < first -%}
            {%- do customer_health.note_dropped_dates(this, customer_health.date_literal(first)) -%}
            {{- customer_health.drop_slices_before(this, customer_health.date_literal(first)) -}}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#
    Notes in DuckDB's file which dates are dropped: a publish of a file refuses to lose any other. On the
    other engines no file can come without its history.
#}
{% macro note_dropped_dates(relation, first) %}
    {%- if target.type == 'duckdb' -%}
        {%- set notes = relation.incorporate(path={'identifier': 'dropped_dates'}) -%}
        {%- do run_query('create table if not exists ' ~ notes ~ ' (table_name varchar, as_of_date date)') -%}
        {%- do run_query(
            'insert into ' ~ notes ~ " select distinct '" ~ relation.identifier ~ "', as_of_date from " ~ relation
            ~ ' where as_of_date < ' ~ first
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
