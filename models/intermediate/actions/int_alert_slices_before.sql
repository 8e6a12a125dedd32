-- Grain: one row of alert_slices as it was before this run. No ref: alert_slices is made of this.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set stored = customer_health.stored_alert_slices() %}
{%- set columns = customer_health.alert_slice_columns() %}
{% if stored is not none -%}
{#- A column that came later is unknown in what an earlier version stored. -#}
{%- set present = customer_health.source_columns(stored) -%}
select
    {%- for column, type in columns.items() %}
    {{ column if column in present else 'cast(null as ' ~ type ~ ') as ' ~ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from {{ stored }}
{%- else -%}
{{ customer_health.rows_as_table(columns, []) }}
{%- endif %}
