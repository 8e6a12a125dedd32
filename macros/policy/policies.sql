{#
    The policies to score, compiled for the SQL, in the order of customer_health_policies; check_policies
    has checked them at run start. Weights become whole millionths, so that sums of weights are exact.

    Each policy: name, description, version, min_coverage, scaled_when_constant,
    dimensions (each with its metrics), metrics (the same, flat), size_points, bands, forecast, tiers.
    Each metric: policy, dimension, metric, weight_millionths (within the dimension),
    dimension_weight_millionths, weight (share of the whole score, six decimals), source_column,
    scaled_column, points_column, and its scaling.
#}
{% macro policies() %}
    {%- if not execute -%}{{ return([customer_health.policy_while_parsing()]) }}{%- endif -%}
    {%- set blocks = customer_health.policy_blocks() -%}
    {%- set scaled_columns = {} -%}
    {%- set compiled = [] -%}
    {%- for name in var('customer_health_policies') -%}
        {%- do compiled.append(customer_health.compile_policy(name, blocks[name], scaled_columns)) -%}
    {%- endfor -%}
    {{- return(compiled) -}}
{% endmacro %}

{#
    What stands for the policies while dbt reads the project. Nothing of a policy may decide there which
    relations a model reads, so one parse serves all settings, and none compiles a policy in vain.
#}
{% macro policy_while_parsing() %}
    {{- return({
        'name': var('customer_health_policy'), 'description': '', 'version': '', 'min_coverage': 0,
        'scaled_when_constant': 0, 'dimensions': [], 'metrics': [], 'size_points': {},
        'bands': [{'band': '', 'at_least': 0}] * 2, 'forecast': {'horizon_months': 0, 'parts': {}},
        'tiers': [{'tier': '', 'at_least_quantile': 0}, {'tier': ''}],
    }) -}}
{% endmacro %}

{#
    What the scored policies (or the one that is named) need beside the account's columns, read from their
    blocks as they are written: it decides which models there are, so it must hold while dbt parses, when
    nothing is compiled. Returns peer_groups (with bounds of their own), by_percentile, and signals.
#}
{% macro needs_of_policies(name=none) %}
    {%- set needs = {'peer_groups': [], 'by_percentile': false, 'signals': false} -%}
    {%- set blocks = customer_health.policy_blocks() -%}
    {%- set account_columns = customer_health.metric_catalogue() -%}
    {%- for scored in ([name] if name else var('customer_health_policies')) -%}
        {%- set block = blocks[scored] if scored is string and blocks[scored] is mapping else {} -%}
        {%- for dimension in customer_health.blocks_of(block.dimensions) -%}
            {%- for metric in customer_health.blocks_of(dimension.metrics) -%}
                {%- if metric.scale == 'percentile' -%}
                    {%- do needs.update({'by_percentile': true}) -%}
                {%- elif metric.peer_group and metric.peer_group not in needs.peer_groups -%}
                    {%- do needs.peer_groups.append(metric.peer_group) -%}
                {%- endif -%}
                {%- if block.reads_signals or metric.metric | string not in account_columns -%}
                    {%- do needs.update({'signals': true}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(needs) -}}
{% endmacro %}

{# The entries of a list that are blocks of keys, of a setting that is not checked yet. #}
{% macro blocks_of(entries) %}
    {{- return((entries if entries is iterable else []) | select('mapping') | list) -}}
{% endmacro %}

{# The compiled policy that the account-level marts show. #}
{% macro active_policy() %}
    {%- set policies = customer_health.policies() -%}
    {{- return(
        policies | selectattr('name', 'equalto', var('customer_health_policy')) | first
    ) -}}
{% endmacro %}

{# The distinct scaled metrics of all policies: a scaling that two policies share is computed once. #}
{% macro scaled_metrics() %}
    {%- set by_column = {} -%}
    {%- for policy in customer_health.policies() -%}
        {%- for metric in policy.metrics -%}
            {%- do by_column.setdefault(metric.scaled_column, metric) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(by_column.values() | list) -}}
{% endmacro %}

{# The columns that any scored policy reads as a metric: of stg_salesforce__accounts, and <signal>__signal. #}
{% macro metric_columns() %}
    {%- set columns = customer_health.account_metrics() -%}
    {%- for metric in customer_health.scaled_metrics() -%}
        {%- if metric.metric != 'size_points' and metric.source_column not in columns -%}
            {%- do columns.append(metric.source_column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}

{% macro compile_policy(name, block, scaled_columns) %}
    {%- set dimensions = [] -%}
    {%- set metrics = [] -%}
    {%- set reads_signals = block.get('reads_signals', false) -%}
    {%- set account_columns = customer_health.metric_catalogue() -%}
    {%- for dimension in block.dimensions -%}
        {%- set dimension_weight = customer_health.in_millionths(dimension.weight) -%}
        {%- set dimension_metrics = [] -%}
        {%- for entry in dimension.metrics -%}
            {%- set source_column = name ~ '__size_points' if entry.metric == 'size_points' else entry.metric -%}
            {%- if reads_signals or entry.metric not in account_columns -%}
                {%- set source_column = customer_health.metric_source_column(source_column, reads_signals) -%}
            {%- endif -%}
            {%- set scaling = {
                'metric': entry.metric,
                'source_column': source_column,
                'scale': entry.scale,
                'direction': entry.get('direction', 'higher'),
                'pre_transform': entry.get('pre_transform'),
                'post_transform': entry.get('post_transform'),
                'peer_group': entry.get('peer_group'),
                'lower': entry.get('lower'),
                'upper': entry.get('upper'),
                'lower_quantile': entry.get('lower_quantile', 0.05),
                'upper_quantile': entry.get('upper_quantile', 0.95),
                'scaled_when_constant': block.scaled_when_constant,
            } -%}
            {%- set key = tojson(scaling, sort_keys=true) -%}
            {%- if key not in scaled_columns -%}
                {%- set same_metric = [] -%}
                {%- for column in scaled_columns.values() if column.startswith(entry.metric ~ '__scaled_') -%}
                    {%- do same_metric.append(column) -%}
                {%- endfor -%}
                {%- do scaled_columns.update({key: entry.metric ~ '__scaled_' ~ (same_metric | length + 1)}) -%}
            {%- endif -%}
            {%- do dimension_metrics.append(dict(
                scaling,
                policy=name,
                dimension=dimension.dimension,
                weight_millionths=customer_health.in_millionths(entry.weight),
                dimension_weight_millionths=dimension_weight,
                scaled_column=scaled_columns[key],
                points_column=name ~ '__' ~ entry.metric ~ '__points'
            )) -%}
        {%- endfor -%}
        {%- do metrics.extend(dimension_metrics) -%}
        {%- do dimensions.append({
            'dimension': dimension.dimension,
            'weight': dimension.weight,
            'weight_millionths': dimension_weight,
            'metrics': dimension_metrics,
        }) -%}
    {%- endfor -%}
    {%- set cumulative = namespace(weight=0) -%}
    {%- for metric in metrics -%}
        {%- set before = customer_health.in_millionths(cumulative.weight / 1000000000000) -%}
        {%- set cumulative.weight = cumulative.weight
            + metric.weight_millionths * metric.dimension_weight_millionths -%}
        {%- set after = customer_health.in_millionths(cumulative.weight / 1000000000000) -%}
        {%- do metric.update({'weight': '%.6f' % ((after - before) / 1000000)}) -%}
    {%- endfor -%}
    {%- set method = dict(block) -%}
    {%- do method.pop('description', none) -%}
    {{- return({
        'name': name,
        'description': block.get('description', ''),
        'version': local_md5(tojson(method, sort_keys=true))[:12],
        'min_coverage': block.min_coverage,
        'scaled_when_constant': block.scaled_when_constant,
        'dimensions': dimensions,
        'metrics': metrics,
        'size_points': block.get('size_points') or {},
        'bands': block.bands,
        'forecast': block.forecast,
        'tiers': block.tiers,
    }) -}}
{% endmacro %}

{% macro in_millionths(number) %}
    {{- return((number * 1000000) | round | int) -}}
{% endmacro %}
