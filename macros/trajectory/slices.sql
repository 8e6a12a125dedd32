{#
    The slice that the marts show, as a day 'YYYY-MM-DD', and its origin: `view` when it comes from the
    current account view, `snapshot` when from the dated snapshots: then as_of_date lies within them, and
    the newest on or before it counts. past: the days of the snapshots up to as_of_date.
    What is stored has no say, so a model may ask while the history is being written.
#}
{% macro current_slice() %}
    {%- set day = customer_health.as_of_day() -%}
    {%- set found = {'current': day, 'origin': 'view', 'past': []} -%}
    {%- if not execute or not customer_health.subject_is_built('trajectory') -%}{{- return(found) -}}{%- endif -%}
    {#- A snapshot of a day that has not come yet is an error and says nothing of where as_of_date lies. -#}
    {%- set today = [day, run_started_at.strftime('%Y-%m-%d')] | max if var('as_of_date') else day -%}
    {%- set later = [] -%}
    {%- for snapshot in customer_health.snapshot_days() -%}
        {%- if snapshot <= day -%}{%- do found.past.append(snapshot) -%}{%- endif -%}
        {%- if day <= snapshot and snapshot <= today -%}{%- do later.append(snapshot) -%}{%- endif -%}
    {%- endfor -%}
    {%- if found.past and later -%}{%- do found.update({'current': found.past[-1], 'origin': 'snapshot'}) -%}{%- endif -%}
    {{- return(found) -}}
{% endmacro %}

{#
    Which slices this run scores and stores, beside the current one.
    snapshots_to_score: the days of the snapshots that are scored in this run. to_store: the days that
    the history gets. A view is not stored below slices of later days: it would pass today's figures off
    as those of the past.
    For models that come before account_health_slice_log or are it: after it nothing is new.
#}
{% macro slices() %}
    {%- set current = customer_health.current_slice() -%}
    {%- set found = {'current': current.current, 'origin': current.origin, 'snapshots_to_score': [], 'to_store': []} -%}
    {%- if not execute or not customer_health.subject_is_built('trajectory') -%}
        {%- do found.to_store.append(current.current) -%}
        {{- return(found) -}}
    {%- endif -%}
    {%- set settings = customer_health.history_settings() -%}
    {%- set stored = customer_health.stored_days() -%}
    {#- A day that has not come was stored by mistake and says nothing of what is later. -#}
    {%- set came = stored | select('le', customer_health.last_day_that_came()) | list -%}
    {%- if current.origin == 'view' and (not came or came[-1] <= current.current) -%}
        {%- do found.to_store.append(current.current) -%}
    {%- endif -%}
    {%- set first = customer_health.first_day_kept((stored + current.past + [customer_health.as_of_day()]) | max) -%}
    {%- for snapshot in current.past -%}
        {%- set is_wanted = settings.backfill == 'all' or (settings.backfill == 'missing' and snapshot not in stored) -%}
        {%- if (is_wanted and snapshot >= first) or (current.origin == 'snapshot' and snapshot == current.current) -%}
            {%- do found.snapshots_to_score.append(snapshot) -%}
            {%- do found.to_store.append(snapshot) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{# The slice that the marts show, as a date literal. #}
{% macro current_slice_date() %}
    {{- return(customer_health.date_literal(customer_health.current_slice().current)) -}}
{% endmacro %}

{# Days as a list of date literals for `in (...)`; never empty, as SQL has no empty list. #}
{% macro date_literals(days) %}
    {%- set literals = [] -%}
    {%- for day in days or ['0001-01-01'] -%}{%- do literals.append(customer_health.date_literal(day)) -%}{%- endfor -%}
    {{- return(literals | join(', ')) -}}
{% endmacro %}

{# The first day that the setting keep_days keeps, counted from the newest slice, or from today if that has not come. #}
{% macro first_day_kept(newest) %}
    {%- set keep_days = customer_health.history_settings().keep_days -%}
    {%- if keep_days == 0 -%}{{- return('0001-01-01') -}}{%- endif -%}
    {%- set counted_from = newest if var('customer_health_future_dates') == 'allow' else [newest, run_started_at.strftime('%Y-%m-%d')] | min -%}
    {%- set day = modules.datetime.datetime.strptime(counted_from, '%Y-%m-%d') - modules.datetime.timedelta(days=keep_days) -%}
    {{- return(day.strftime('%Y-%m-%d')) -}}
{% endmacro %}

{# The days of the dated snapshots, in order; none where the source is absent. #}
{% macro snapshot_days() %}
    {%- set table = source('history', 'salesforce__customer_360_history') -%}
    {%- if not customer_health.optional_source_exists(table) -%}{{- return([]) -}}{%- endif -%}
    {{- return(customer_health.distinct_days(
        customer_health.source_rows(table) ~ ' as written', customer_health.snapshot_date(table)
    )) -}}
{% endmacro %}

{# The day of a row of the dated snapshots, as a date; NULL where it cannot be read. #}
{% macro snapshot_date(table) %}
    {%- set kind = customer_health.source_columns(table).get('as_of_date', 'text') -%}
    {%- if kind == 'date' -%}{{- return('as_of_date') -}}{%- endif -%}
    {{- return('cast(' ~ customer_health.parsed_moment('as_of_date', 'timestamp', kind) ~ ' as date)') -}}
{% endmacro %}

{#
    The days that the history holds, in order: those of the log, which is written last. Asking the slices
    would tell the log, which is compiled after them, that nothing is new.
#}
{% macro stored_days() %}
    {{- return(customer_health.days_in_log('account_health_slice_log')) -}}
{% endmacro %}

{#
    The days of a table of the history by the name of its model, in order. By name and not by ref: who
    asks builds what is stored next, and dbt would take that for a circle.
#}
{% macro days_in_log(model_name) %}
    {%- set node = graph.nodes.get('model.customer_health.' ~ model_name) -%}
    {%- if node is none -%}{{- return([]) -}}{%- endif -%}
    {%- set relation = adapter.get_relation(node.database, node.schema, node.alias) -%}
    {%- if relation is none -%}{{- return([]) -}}{%- endif -%}
    {{- return(customer_health.distinct_days(relation, 'as_of_date')) -}}
{% endmacro %}

{% macro distinct_days(relation, expression) %}
    {%- set days = [] -%}
    {%- for row in run_query(
        'select distinct cast(' ~ expression ~ ' as ' ~ customer_health.type_text() ~ ') from ' ~ relation
        ~ ' where ' ~ expression ~ ' is not null'
    ).rows -%}
        {%- do days.append(row[0] | string) -%}
    {%- endfor -%}
    {{- return(days | sort) -}}
{% endmacro %}
