-- Grain: one row of alert_slices as it was before this run. No ref: alert_slices is made of this.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set stored = customer_health.stored_alert_slices() %}
{% if stored is not none -%}
select
    {{ customer_health.alert_slice_columns().keys() | join(',\n    ') }}
from {{ stored }}
{%- else -%}
{{ customer_health.rows_as_table(customer_health.alert_slice_columns(), []) }}
{%- endif %}
