-- Grain: one alert rule. Written from the settings.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set rows = [] %}
{%- set customer_success_is_built = customer_health.subject_is_built('customer_success') %}
{%- for rule in customer_health.alert_rules() if rule.entity == 'account' or customer_success_is_built %}
{%- set texts = [] %}
{%- for key in ['where', 'opens_when', 'any_of'] %}
{%- set parts = [] %}
{%- for condition in rule[key] %}
{%- set words = condition.measure ~ ' ' ~ condition.comparison | replace('_', ' ') ~ ' ' ~ condition.threshold %}
{%- do parts.append(
    words ~ (' (closes at ' ~ condition.closes ~ ')' if key == 'any_of' and condition.closes != condition.threshold else '')
) %}
{%- endfor %}
{%- do texts.append(parts | join(' or ' if key == 'any_of' else ' and ') or none) %}
{%- endfor %}
{%- do rows.append([
    customer_health.sql_literal(rule.rule),
    customer_health.sql_literal(rule.entity),
    customer_health.sql_literal(texts[0]),
    customer_health.sql_literal(texts[1]),
    customer_health.sql_literal(texts[2]),
    customer_health.sql_literal(rule.severity),
    customer_health.sql_decimal(rule.actionability),
    customer_health.sql_literal(rule.action),
    rows | length + 1,
]) %}
{%- endfor %}
{%- if customer_success_is_built %}
{%- for source, entry in customer_health.churn_warning_alerts().items() %}
{%- do rows.append([
    customer_health.sql_literal('churn_warning_' ~ source),
    customer_health.sql_literal('customer'),
    customer_health.sql_literal(none),
    customer_health.sql_literal(none),
    customer_health.sql_literal('warning of ' ~ source),
    customer_health.sql_literal(none),
    customer_health.sql_decimal(entry.actionability),
    customer_health.sql_literal(entry.action),
    rows | length + 1,
]) %}
{%- endfor %}
{%- endif %}

{{- customer_health.rows_as_table({
    'rule_id': customer_health.type_text(),
    'entity_type': customer_health.type_text(),
    'applies_to': customer_health.type_text(),
    'opens_when': customer_health.type_text(),
    'condition': customer_health.type_text(),
    'severity': customer_health.type_text(),
    'actionability': 'decimal(7, 6)',
    'action': customer_health.type_text(),
    'position': 'bigint',
}, rows) }}
