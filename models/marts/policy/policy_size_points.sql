-- Grain: one size segment of one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- for policy in customer_health.policies() %}
{%- for segment, points in policy.size_points.items() %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    customer_health.sql_literal(segment),
    points,
]) %}
{%- endfor %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'account_size_segment': customer_health.type_text(),
    'size_points': 'decimal(9, 6)',
}, rows) }}
