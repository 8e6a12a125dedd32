-- Grain: one signal. Written from the catalogue of the project and the setting customer_health_signals.
{{ config(enabled=customer_health.subject_is_built('trajectory')) }}

{%- set rows = [] %}
{%- for signal in customer_health.built_signals() %}
{%- do rows.append([
    customer_health.sql_literal(signal.signal),
    loop.index,
    customer_health.sql_literal(signal.family),
    customer_health.sql_literal(signal.source_table),
    customer_health.sql_literal(signal.source_column),
    customer_health.sql_literal(signal.kind),
    customer_health.sql_literal(signal.unit),
    customer_health.sql_literal(signal.direction),
    customer_health.sql_literal(signal.staleness_limit_days if signal.dated_by is not none else none),
    customer_health.sql_literal(signal.dated_by),
    customer_health.sql_literal(signal.applies_when),
]) %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'signal_id': customer_health.type_text(),
    'position': 'integer',
    'family': customer_health.type_text(),
    'source_table': customer_health.type_text(),
    'source_column': customer_health.type_text(),
    'kind': customer_health.type_text(),
    'unit': customer_health.type_text(),
    'direction': customer_health.type_text(),
    'staleness_limit_days': 'bigint',
    'dated_by': customer_health.type_text(),
    'applies_when': customer_health.type_text(),
}, rows) }}
