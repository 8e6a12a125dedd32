-- Grain: one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- for policy in customer_health.policies() %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    customer_health.sql_literal(policy.version),
    customer_health.sql_literal(policy.description),
    customer_health.sql_literal(policy.name == var('customer_health_policy')),
    policy.min_coverage,
    policy.scaled_when_constant,
    policy.forecast.horizon_months,
]) %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'policy_version': customer_health.type_text(),
    'description': customer_health.type_text(),
    'is_active': 'boolean',
    'min_coverage': 'decimal(9, 6)',
    'scaled_when_constant': 'decimal(9, 6)',
    'horizon_months': 'integer',
}, rows) }}
