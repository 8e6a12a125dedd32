{# The settings of learning from outcomes; each is checked where it is read. What they mean: docs/learning.md. #}

{#
    The setting customer_health_learning, checked.
#}
{% macro learning_settings() %}
    {%- set where = 'setting customer_health_learning' -%}
    {%- set block = var('customer_health_learning') -%}
    {%- set whole = {
        'label_every_days': [1, 366], 'horizon_days': [1, 3650], 'test_days': [0, 36500], 'min_events': [1, 1000000000],
        'newton_steps': [1, 50], 'points_to_double': [1, 1000], 'min_segment_events': [1, 1000000000],
        'max_signals': [1, 40], 'max_candidates': [1, 100], 'tolerance_days': [0, 365],
    } -%}
    {%- set numbers = {
        'capacity_share': [0.000001, 1], 'smoothing': [0.000001, 1000], 'min_information_value': [0, 100],
        'min_gain': [0, 1], 'min_own_variance': [0.000001, 1], 'ridge': [0.000001, 1000],
    } -%}
    {%- do customer_health.check_keys(where, block, whole.keys() | list + numbers.keys() | list + [
        'signals_from', 'bin_quantiles', 'segment_column', 'change_days', 'stability'
    ], []) -%}
    {%- for key, range in whole.items() -%}
        {%- do customer_health.check_whole_number(where ~ ', key ' ~ key, block[key], range[0], range[1]) -%}
    {%- endfor -%}
    {%- for key, range in numbers.items() -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ key, block[key], range[0], range[1]) -%}
    {%- endfor -%}
    {%- do customer_health.check_choice(
        where ~ ', key signals_from', block.signals_from, ['both', 'history', 'account_signals']
    ) -%}
    {%- do customer_health.check_choice(where ~ ', key segment_column', block.segment_column, [
        '', 'industry', 'account_size_segment', 'geographic_region'
    ]) -%}
    {%- set quantiles = where ~ ', key bin_quantiles' -%}
    {%- do customer_health.check_list(quantiles, block.bin_quantiles) -%}
    {%- for quantile in block.bin_quantiles -%}
        {%- do customer_health.check_number(quantiles, quantile, 0.000001, 0.999999) -%}
    {%- endfor -%}
    {%- do customer_health.check_descending(quantiles ~ ' from last to first', block.bin_quantiles | reverse | list) -%}
    {%- set days = where ~ ', key change_days' -%}
    {%- do customer_health.check_list(days, block.change_days) -%}
    {%- for number in block.change_days -%}
        {%- do customer_health.check_whole_number(days, number, 1, 3650) -%}
    {%- endfor -%}
    {%- do customer_health.check_unique(days, block.change_days) -%}
    {%- set stability = where ~ ', key stability' -%}
    {%- do customer_health.check_keys(stability, block.stability, ['moved', 'unstable'], []) -%}
    {%- for key in ['moved', 'unstable'] -%}
        {%- do customer_health.check_number(stability ~ ', key ' ~ key, block.stability[key], 0, 100) -%}
    {%- endfor -%}
    {%- if block.stability.unstable < block.stability.moved -%}
        {{- customer_health.raise_error(stability, 'is unstable before it has moved', 'swap the two') -}}
    {%- endif -%}
    {{- return(block) -}}
{% endmacro %}

{# Whether signals come from the history of scores. #}
{% macro learns_from_history() %}
    {{- return(customer_health.learning_settings().signals_from in ['both', 'history']) -}}
{% endmacro %}

{# The columns of the history that are signals: the score, its dimensions, coverage and the metrics. #}
{% macro learning_history_columns() %}
    {{- return([
        'health_score', 'activity_score', 'contact_quality_score', 'business_value_score', 'account_scale_score',
        'score_coverage'
    ] + customer_health.account_metrics()) -}}
{% endmacro %}

{# The signals that are made of earlier slices. #}
{% macro learning_trend_columns() %}
    {%- set columns = [] -%}
    {%- for days in customer_health.learning_settings().change_days -%}
        {%- do columns.append('score_change_' ~ days | int ~ 'd') -%}
    {%- endfor -%}
    {{- return(columns + ['score_slope']) -}}
{% endmacro %}
