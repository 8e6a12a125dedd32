{# Stops the run when the policies to score contradict themselves, or the active one is not among them. #}
{% macro check_policies() %}
    {%- set where = 'setting customer_health_policies' -%}
    {%- set blocks = customer_health.policy_blocks() -%}
    {%- set names = var('customer_health_policies') -%}
    {%- do customer_health.check_list(where, names) -%}
    {%- do customer_health.check_unique(where, names) -%}
    {%- for name in names -%}
        {%- if name is not string or name not in blocks -%}
            {{- customer_health.raise_error(
                where, 'names ' ~ name ~ ', which is not defined',
                'use one of ' ~ blocks.keys() | join(', ') ~ ', or define it under customer_health_extra_policies'
            ) -}}
        {%- endif -%}
        {%- do customer_health.check_policy(name, blocks[name]) -%}
    {%- endfor -%}
    {%- if var('customer_health_policy') not in names -%}
        {{- customer_health.raise_error(
            'setting customer_health_policy',
            'is ' ~ (var('customer_health_policy') or 'empty') ~ ', which is not scored',
            'use one of ' ~ names | join(', ') ~ ', or add it to customer_health_policies'
        ) -}}
    {%- endif -%}
{% endmacro %}

{#
    Stops the run when a policy contradicts itself. Every message names the policy and the key.
    The rules: names are known and used once, weights sum to exactly 1, bands and tiers leave no gap.
#}
{% macro check_policy(name, block) %}
    {%- set where = 'policy ' ~ name -%}
    {%- do customer_health.check_name(where, name) -%}
    {%- do customer_health.check_keys(
        where, block,
        ['min_coverage', 'scaled_when_constant', 'dimensions', 'bands', 'forecast', 'tiers'],
        ['description', 'size_points', 'reads_signals']
    ) -%}
    {%- do customer_health.check_number(where ~ ', key min_coverage', block.min_coverage, 0, 1) -%}
    {%- do customer_health.check_number(where ~ ', key scaled_when_constant', block.scaled_when_constant, 0, 1) -%}
    {%- if 'reads_signals' in block -%}
        {%- do customer_health.check_choice(where ~ ', key reads_signals', block.reads_signals, [true, false]) -%}
    {%- endif -%}
    {%- do customer_health.check_dimensions(where, block) -%}
    {%- if block.get('size_points') -%}
        {%- do customer_health.check_size_points(where, block.size_points) -%}
    {%- endif -%}
    {%- do customer_health.check_bands(where ~ ', key bands', block.bands) -%}
    {%- do customer_health.check_forecast(where ~ ', key forecast', block.forecast) -%}
    {%- do customer_health.check_tiers(where ~ ', key tiers', block.tiers) -%}
{% endmacro %}

{% macro check_dimensions(where, block) %}
    {%- set key = where ~ ', key dimensions' -%}
    {%- do customer_health.check_list(key, block.dimensions) -%}
    {%- set metrics = [] -%}
    {%- for dimension in block.dimensions -%}
        {%- do customer_health.check_keys(key, dimension, ['dimension', 'weight', 'metrics'], []) -%}
        {%- set dimension_key = key ~ ', dimension ' ~ dimension.dimension -%}
        {%- do customer_health.check_name(dimension_key, dimension.dimension) -%}
        {%- do customer_health.check_list(dimension_key, dimension.metrics) -%}
        {%- for metric in dimension.metrics -%}
            {%- do customer_health.check_metric(dimension_key, metric) -%}
            {%- do metrics.append(metric.metric) -%}
        {%- endfor -%}
        {%- do customer_health.check_weights(dimension_key, dimension.metrics) -%}
    {%- endfor -%}
    {%- do customer_health.check_weights(key, block.dimensions) -%}
    {%- do customer_health.check_unique(key, block.dimensions | map(attribute='dimension') | list) -%}
    {%- do customer_health.check_unique(key, metrics) -%}
    {%- if 'size_points' in metrics and not block.get('size_points') -%}
        {{- customer_health.raise_error(
            where, 'scores size_points but gives none', 'add the key size_points with points for every segment'
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_metric(where, metric) %}
    {%- do customer_health.check_keys(
        where, metric, ['metric', 'weight', 'scale'],
        ['direction', 'pre_transform', 'post_transform', 'peer_group', 'lower', 'upper',
         'lower_quantile', 'upper_quantile']
    ) -%}
    {%- set catalogue = customer_health.metric_catalogue() -%}
    {%- if metric.metric not in catalogue -%}
        {%- set catalogue = customer_health.scorable_metrics() -%}
    {%- endif -%}
    {%- set key = where ~ ', metric ' ~ metric.metric -%}
    {%- do customer_health.check_choice(key, metric.metric, catalogue.keys() | list) -%}
    {%- if catalogue[metric.metric].is_of_customer and not customer_health.subject_is_built('customer_success') -%}
        {{- customer_health.raise_error(
            key, 'comes from the customer-success records, which are not built',
            'add customer_success to customer_health_subjects or remove the metric'
        ) -}}
    {%- endif -%}
    {%- do customer_health.check_choice(
        key ~ ', key scale', metric.scale, ['min_max', 'winsorized', 'percentile', 'target', 'as_is']
    ) -%}
    {%- do customer_health.check_choice(
        key ~ ', key direction', metric.get('direction', 'higher'), ['higher', 'lower']
    ) -%}
    {%- for transform in ['pre_transform', 'post_transform'] if metric.get(transform) is not none -%}
        {%- do customer_health.check_choice(key ~ ', key ' ~ transform, metric[transform], ['sqrt', 'log1p']) -%}
    {%- endfor -%}
    {%- if metric.get('pre_transform') and catalogue[metric.metric].can_be_negative -%}
        {{- customer_health.raise_error(
            key, 'can be negative, so ' ~ metric.pre_transform ~ ' is not defined for it',
            'remove pre_transform'
        ) -}}
    {%- endif -%}
    {%- if metric.get('peer_group') is not none -%}
        {%- do customer_health.check_choice(
            key ~ ', key peer_group', metric.peer_group, ['industry', 'account_size_segment']
        ) -%}
        {%- if metric.scale in ['target', 'as_is'] -%}
            {{- customer_health.raise_error(
                key, 'has a peer_group, but scale ' ~ metric.scale ~ ' does not compare accounts',
                'remove peer_group or choose min_max, winsorized or percentile'
            ) -}}
        {%- endif -%}
    {%- endif -%}
    {%- if metric.scale == 'target' -%}
        {%- for bound in ['lower', 'upper'] -%}
            {%- do customer_health.check_number(key ~ ', key ' ~ bound, metric.get(bound), none, none) -%}
        {%- endfor -%}
        {%- if metric.lower >= metric.upper -%}
            {{- customer_health.raise_error(
                key, 'has lower ' ~ metric.lower ~ ' not below upper ' ~ metric.upper, 'give lower < upper'
            ) -}}
        {%- endif -%}
    {%- elif metric.get('lower') is not none or metric.get('upper') is not none -%}
        {{- customer_health.raise_error(
            key, 'has fixed bounds, but scale ' ~ metric.scale ~ ' does not use them',
            'use scale target or remove lower and upper'
        ) -}}
    {%- endif -%}
    {%- if metric.scale == 'winsorized' -%}
        {%- set low = metric.get('lower_quantile', 0.05) -%}
        {%- set high = metric.get('upper_quantile', 0.95) -%}
        {%- do customer_health.check_number(key ~ ', key lower_quantile', low, 0, 1) -%}
        {%- do customer_health.check_number(key ~ ', key upper_quantile', high, 0, 1) -%}
        {%- if low >= high -%}
            {{- customer_health.raise_error(
                key, 'has lower_quantile ' ~ low ~ ' not below upper_quantile ' ~ high,
                'give lower_quantile < upper_quantile'
            ) -}}
        {%- endif -%}
    {%- elif metric.get('lower_quantile') is not none or metric.get('upper_quantile') is not none -%}
        {{- customer_health.raise_error(
            key, 'has quantile bounds, but scale ' ~ metric.scale ~ ' does not use them',
            'use scale winsorized or remove lower_quantile and upper_quantile'
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_size_points(where, size_points) %}
    {%- set key = where ~ ', key size_points' -%}
    {%- set segments = customer_health.known_labels('size_segment') -%}
    {%- do customer_health.check_keys(key, size_points, segments, []) -%}
    {%- for segment, points in size_points.items() -%}
        {%- do customer_health.check_number(key ~ ', segment ' ~ segment, points, 0, 1) -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_bands(key, bands) %}
    {%- do customer_health.check_list(key, bands) -%}
    {%- for rung in bands -%}
        {%- do customer_health.check_keys(key, rung, ['band', 'at_least'], []) -%}
        {%- do customer_health.check_label(key, rung.band) -%}
        {%- do customer_health.check_number(key ~ ', band ' ~ rung.band, rung.at_least, 0, 100) -%}
    {%- endfor -%}
    {%- if bands | length == 1 -%}
        {{- customer_health.raise_error(key, 'has a single band', 'give at least two') -}}
    {%- endif -%}
    {%- do customer_health.check_unique(key, bands | map(attribute='band') | list + ['Unscored']) -%}
    {%- do customer_health.check_descending(key, bands | map(attribute='at_least') | list) -%}
    {%- if bands[-1].at_least != 0 -%}
        {{- customer_health.raise_error(
            key, 'leaves a gap below ' ~ bands[-1].at_least ~ ' points', 'let the last band start at 0'
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_forecast(key, forecast) %}
    {%- do customer_health.check_keys(key, forecast, ['horizon_months', 'parts'], []) -%}
    {%- do customer_health.check_number(key ~ ', key horizon_months', forecast.horizon_months, 1, 120) -%}
    {%- if forecast.horizon_months != forecast.horizon_months | int -%}
        {{- customer_health.raise_error(
            key ~ ', key horizon_months', 'is ' ~ forecast.horizon_months, 'give whole months'
        ) -}}
    {%- endif -%}
    {%- do customer_health.check_keys(
        key ~ ', key parts', forecast.parts, [], ['run_rate_revenue', 'pipeline_revenue', 'upsell_revenue']
    ) -%}
    {%- if forecast.parts | length == 0 -%}
        {{- customer_health.raise_error(key ~ ', key parts', 'is empty', 'give at least one part') -}}
    {%- endif -%}
    {%- for name, part in forecast.parts.items() -%}
        {%- set part_key = key ~ ', part ' ~ name -%}
        {%- do customer_health.check_keys(
            part_key, part, ['amount', 'share', 'base', 'slope'], ['per_account_age', 'times_win_rate']
        ) -%}
        {%- do customer_health.check_choice(
            part_key ~ ', key amount', part.amount,
            ['total_won_amount', 'current_pipeline_amount', 'annual_revenue']
        ) -%}
        {%- for number in ['share', 'base', 'slope'] -%}
            {%- do customer_health.check_number(part_key ~ ', key ' ~ number, part[number], 0, 100) -%}
        {%- endfor -%}
        {%- for flag in ['per_account_age', 'times_win_rate'] if flag in part -%}
            {%- do customer_health.check_choice(part_key ~ ', key ' ~ flag, part[flag], [true, false]) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_tiers(key, tiers) %}
    {%- do customer_health.check_list(key, tiers) -%}
    {%- set quantiles = [] -%}
    {%- for rung in tiers -%}
        {%- do customer_health.check_keys(key, rung, ['tier'], ['above_quantile', 'at_least_quantile']) -%}
        {%- do customer_health.check_label(key, rung.tier) -%}
        {%- set bounds = [rung.get('above_quantile'), rung.get('at_least_quantile')] | reject('none') | list -%}
        {%- if bounds | length != (0 if loop.last else 1) -%}
            {{- customer_health.raise_error(
                key ~ ', tier ' ~ rung.tier,
                'has ' ~ bounds | length ~ ' bounds',
                'give every tier one of above_quantile and at_least_quantile, and the last tier none'
            ) -}}
        {%- endif -%}
        {%- for bound in bounds -%}
            {%- do customer_health.check_number(key ~ ', tier ' ~ rung.tier, bound, 0, 0.999999) -%}
        {%- endfor -%}
        {%- do quantiles.extend(bounds) -%}
    {%- endfor -%}
    {%- do customer_health.check_unique(key, tiers | map(attribute='tier') | list + ['Unscored']) -%}
    {%- do customer_health.check_descending(key, quantiles) -%}
{% endmacro %}
