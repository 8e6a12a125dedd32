-- Grain: one dimension of one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- for policy in customer_health.policies() %}
{%- for dimension in policy.dimensions %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    loop.index,
    customer_health.sql_literal(dimension.dimension),
    dimension.weight,
]) %}
{%- endfor %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'position': 'integer',
    'dimension': customer_health.type_text(),
    'weight': 'decimal(9, 6)',
}, rows) }}
