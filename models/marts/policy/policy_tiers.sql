-- Grain: one tier of one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- for policy in customer_health.policies() %}
{%- for rung in policy.tiers %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    loop.index,
    customer_health.sql_literal(rung.tier),
    rung.get('above_quantile', 'null'),
    rung.get('at_least_quantile', 'null'),
]) %}
{%- endfor %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'position': 'integer',
    'tier': customer_health.type_text(),
    'above_quantile': 'decimal(9, 6)',
    'at_least_quantile': 'decimal(9, 6)',
}, rows) }}
