{# The settings of the customer health score, checked where they are read, and its metrics. #}

{#
    The metrics: dimension -> metric -> direction (higher or lower is better; label: points by label) and
    default, which is what the published method computes with where the record lacks the metric.
#}
{% macro health_metric_catalogue() %}
    {{- return({
        'usage': {
            'login_frequency': {'direction': 'higher', 'default': 0},
            'feature_adoption': {'direction': 'higher', 'default': 0},
            'dau_mau_ratio': {'direction': 'higher', 'default': 0},
        },
        'engagement': {
            'support_ticket_volume': {'direction': 'lower', 'default': 0},
            'meeting_attendance': {'direction': 'higher', 'default': 0},
            'nps_score': {'direction': 'higher', 'default': 5},
            'csat_score': {'direction': 'higher', 'default': 3},
        },
        'support': {
            'open_tickets': {'direction': 'lower', 'default': 0},
            'escalation_rate': {'direction': 'lower', 'default': 0},
            'avg_resolution_hours': {'direction': 'lower', 'default': 0},
        },
        'relationship': {
            'executive_sponsor_engagement': {'direction': 'higher', 'default': 0},
            'multi_threading_depth': {'direction': 'higher', 'default': 1},
            'renewal_sentiment': {'direction': 'label', 'default': 'unknown'},
        },
    }) -}}
{% endmacro %}

{#
    The setting customer_success_health, checked and compiled: dimensions (each with dimension, weight,
    weight_millionths, metrics), metrics (the same, flat), sentiments, otherwise, trend_threshold,
    min_coverage, default_segment. Each metric: dimension, metric, weight, weight_millionths,
    total_weight (in 10^-12 of the whole score), direction, default, benchmark (its column in the seed).
#}
{% macro customer_success_health() %}
    {%- set where = 'setting customer_success_health' -%}
    {%- set block = var('customer_success_health') -%}
    {%- do customer_health.check_keys(
        where, block,
        ['weights', 'sentiments', 'otherwise', 'trend_threshold', 'min_coverage', 'default_segment'], []
    ) -%}
    {%- set catalogue = customer_health.health_metric_catalogue() -%}
    {%- set weights_key = where ~ ', key weights' -%}
    {%- do customer_health.check_keys(weights_key, block.weights, catalogue.keys() | list, []) -%}
    {%- set dimensions = [] -%}
    {%- set metrics = [] -%}
    {%- for dimension, members in catalogue.items() -%}
        {%- set dimension_key = weights_key ~ ', dimension ' ~ dimension -%}
        {%- set given = block.weights[dimension] -%}
        {%- do customer_health.check_keys(dimension_key, given, ['weight', 'metrics'], []) -%}
        {%- do customer_health.check_keys(
            dimension_key ~ ', key metrics', given['metrics'], members.keys() | list, []
        ) -%}
        {%- do customer_health.check_number(dimension_key ~ ', key weight', given.weight, 0, 1) -%}
        {%- set compiled = [] -%}
        {%- for metric, parts in members.items() -%}
            {%- set weight = given['metrics'][metric] -%}
            {%- do customer_health.check_number(dimension_key ~ ', metric ' ~ metric, weight, 0, 1) -%}
            {%- do compiled.append({
                'dimension': dimension,
                'metric': metric,
                'weight': weight,
                'weight_millionths': customer_health.in_millionths(weight),
                'total_weight': customer_health.in_millionths(weight) * customer_health.in_millionths(given.weight),
                'direction': parts.direction,
                'default': parts.default,
                'benchmark': {'higher': metric ~ '_target', 'lower': metric ~ '_max'}.get(parts.direction),
            }) -%}
        {%- endfor -%}
        {%- do customer_health.check_weights(dimension_key, compiled) -%}
        {%- do dimensions.append({
            'dimension': dimension,
            'weight': given.weight,
            'weight_millionths': customer_health.in_millionths(given.weight),
            'metrics': compiled,
        }) -%}
        {%- do metrics.extend(compiled) -%}
    {%- endfor -%}
    {%- do customer_health.check_weights(weights_key, dimensions) -%}
    {%- set sentiments_key = where ~ ', key sentiments' -%}
    {%- set labels = block.sentiments | list if block.sentiments is mapping else [] -%}
    {%- do customer_health.check_keys(sentiments_key, block.sentiments, [], labels) -%}
    {%- if block.sentiments | length == 0 -%}
        {{- customer_health.raise_error(sentiments_key, 'has no labels', 'give at least one label with its points') -}}
    {%- endif -%}
    {%- for label, points in block.sentiments.items() -%}
        {%- do customer_health.check_label(sentiments_key, label) -%}
        {%- if label != label | lower -%}
            {{- customer_health.raise_error(
                sentiments_key, 'has the label ' ~ label ~ ', which no record can match', 'write it in lower case'
            ) -}}
        {%- endif -%}
        {%- do customer_health.check_number(sentiments_key ~ ', label ' ~ label, points, 0, 100) -%}
    {%- endfor -%}
    {%- do customer_health.check_number(where ~ ', key otherwise', block.otherwise, 0, 100) -%}
    {%- do customer_health.check_number(where ~ ', key trend_threshold', block.trend_threshold, 0, 100) -%}
    {%- do customer_health.check_number(where ~ ', key min_coverage', block.min_coverage, 0, 1) -%}
    {%- do customer_health.check_choice(
        where ~ ', key default_segment', block.default_segment, customer_health.customer_success_segments()
    ) -%}
    {{- return({
        'dimensions': dimensions,
        'metrics': metrics,
        'sentiments': block.sentiments,
        'otherwise': block.otherwise,
        'trend_threshold': block.trend_threshold,
        'min_coverage': block.min_coverage,
        'default_segment': block.default_segment,
    }) -}}
{% endmacro %}

{# The scores of a customer: the four dimensions, then overall. #}
{% macro health_score_names() %}
    {{- return(customer_health.health_metric_catalogue().keys() | list + ['overall']) -}}
{% endmacro %}
