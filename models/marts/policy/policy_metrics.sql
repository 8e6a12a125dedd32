-- Grain: one metric of one scored policy. Written from the settings.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set rows = [] %}
{%- set catalogue = customer_health.scorable_metrics() %}
{%- for policy in customer_health.policies() %}
{%- for metric in policy.metrics %}
{%- do rows.append([
    customer_health.sql_literal(policy.name),
    loop.index,
    customer_health.sql_literal(metric.dimension),
    customer_health.sql_literal(metric.metric),
    customer_health.sql_literal(catalogue[metric.metric].unit),
    metric.weight_millionths / 1000000,
    metric.weight,
    customer_health.sql_literal(metric.direction),
    customer_health.sql_literal(metric.scale),
    customer_health.sql_literal(metric.pre_transform),
    customer_health.sql_literal(metric.post_transform),
    customer_health.sql_literal(metric.peer_group),
    metric.lower if metric.scale == 'target' else 'null',
    metric.upper if metric.scale == 'target' else 'null',
    metric.lower_quantile if metric.scale == 'winsorized' else 'null',
    metric.upper_quantile if metric.scale == 'winsorized' else 'null',
]) %}
{%- endfor %}
{%- endfor %}

{{- customer_health.rows_as_table({
    'policy': customer_health.type_text(),
    'position': 'integer',
    'dimension': customer_health.type_text(),
    'metric': customer_health.type_text(),
    'unit': customer_health.type_text(),
    'weight_in_dimension': 'decimal(9, 6)',
    'weight': 'decimal(9, 6)',
    'direction': customer_health.type_text(),
    'scale': customer_health.type_text(),
    'pre_transform': customer_health.type_text(),
    'post_transform': customer_health.type_text(),
    'peer_group': customer_health.type_text(),
    'lower_target': customer_health.type_double(),
    'upper_target': customer_health.type_double(),
    'lower_quantile': 'decimal(9, 6)',
    'upper_quantile': 'decimal(9, 6)',
}, rows) }}
