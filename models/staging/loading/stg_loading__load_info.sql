-- Grain: one row, the last load by customer-health load; none where something else filled `raw`.
{{ config(enabled=customer_health.any_subject_is_built()) }}

{%- set loads = source('loading', 'load_info') %}
{%- set text = customer_health.type_text() %}
{% if not customer_health.optional_source_exists(loads) -%}
{{ customer_health.rows_as_table({'demo_tables': text, 'source_rows': text}, []) }}
{%- else -%}
select
    demo_tables,
    source_rows
from {{ loads }}
{%- endif %}
