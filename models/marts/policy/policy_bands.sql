-- Grain: one band of one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- for policy in customer_health.policies() %}
{%- for rung in policy.bands %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    loop.index,
    customer_health.sql_literal(rung.band),
    rung.at_least,
    customer_health.sql_literal(loop.last),
]) %}
{%- endfor %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'position': 'integer',
    'band': customer_health.type_text(),
    'at_least': 'decimal(9, 6)',
    'is_low_health': 'boolean',
}, rows) }}
