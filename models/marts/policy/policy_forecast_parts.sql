-- Grain: one part of the forecast of one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- for policy in customer_health.policies() %}
{%- for part_name in customer_health.forecast_parts(policy) %}
{%- set part = policy.forecast.parts[part_name] %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    customer_health.sql_literal(part_name),
    customer_health.sql_literal(part.amount),
    part.share,
    customer_health.sql_literal(part.get('per_account_age', false)),
    customer_health.sql_literal(part.get('times_win_rate', false)),
    part.base,
    part.slope,
]) %}
{%- endfor %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'part': customer_health.type_text(),
    'amount': customer_health.type_text(),
    'share': 'decimal(9, 6)',
    'is_per_account_age': 'boolean',
    'is_times_win_rate': 'boolean',
    'base': 'decimal(9, 6)',
    'slope': 'decimal(9, 6)',
}, rows) }}
