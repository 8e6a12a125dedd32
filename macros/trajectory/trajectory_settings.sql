{# The settings of trajectories, checked where they are read. #}

{#
    The setting customer_health_trajectory, with the window and the look-back in days besides
    (window_days, look_back_days).
#}
{% macro trajectory_settings() %}
    {%- set where = 'setting customer_health_trajectory' -%}
    {%- set block = var('customer_health_trajectory') -%}
    {%- set whole_numbers = {
        'window_weeks': [1, 104], 'recovery_look_back_weeks': [1, 208], 'confirming_slices': [1, 100],
        'min_slices': [2, 1000], 'min_half_slices': [2, 1000], 'min_span_days': [1, 728],
        'change_tolerance_days': [0, 365],
    } -%}
    {%- set points = {'dead_band': [0.000001, 100], 'acceleration': [0.000001, 100], 'turning_tolerance': [0, 100]} -%}
    {%- do customer_health.check_keys(
        where, block, whole_numbers.keys() | list + points.keys() | list + ['across_policies'], []
    ) -%}
    {%- for key, range in whole_numbers.items() -%}
        {%- do customer_health.check_whole_number(where ~ ', key ' ~ key, block[key], range[0], range[1]) -%}
    {%- endfor -%}
    {%- for key, range in points.items() -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ key, block[key], range[0], range[1]) -%}
    {%- endfor -%}
    {%- do customer_health.check_choice(where ~ ', key across_policies', block.across_policies, [true, false]) -%}
    {%- if block.recovery_look_back_weeks < block.window_weeks -%}
        {{- customer_health.raise_error(
            where ~ ', key recovery_look_back_weeks', 'is ' ~ block.recovery_look_back_weeks ~ ', shorter than the window',
            'give at least window_weeks'
        ) -}}
    {%- endif -%}
    {%- if block.min_span_days > 7 * block.window_weeks -%}
        {{- customer_health.raise_error(
            where ~ ', key min_span_days', 'is ' ~ block.min_span_days ~ ', longer than the window',
            'give at most ' ~ 7 * block.window_weeks
        ) -}}
    {%- endif -%}
    {%- if block.turning_tolerance >= block.dead_band -%}
        {{- customer_health.raise_error(
            where ~ ', key turning_tolerance', 'is ' ~ block.turning_tolerance, 'give less than dead_band'
        ) -}}
    {%- endif -%}
    {%- set settings = dict(block) -%}
    {%- set window_days = 7 * block.window_weeks | int -%}
    {%- set look_backs = [window_days, 7 * block.recovery_look_back_weeks | int] -%}
    {%- for days in customer_health.change_days() -%}
        {%- do look_backs.append(days + block.change_tolerance_days | int) -%}
    {%- endfor -%}
    {%- do settings.update({'window_days': window_days, 'look_back_days': look_backs | max}) -%}
    {{- return(settings) -}}
{% endmacro %}

{# The distances in days over which changes of the score are shown; the columns of the mart are named so. #}
{% macro change_days() %}
    {{- return([7, 30, 90]) -}}
{% endmacro %}

{# The states of a trajectory. #}
{% macro trajectory_states() %}
    {{- return([
        'improving', 'recovering', 'stable', 'declining', 'accelerating_decline', 'insufficient_history'
    ]) -}}
{% endmacro %}

{#
    The least-squares slope in millionths of a point per week, rounded half up once, from the columns
    <prefix>_count, _x, _y, _xx and _xy (sums over days and millionths); NULL where all days are one.
    `days` count backwards, so that a rising score falls with them: hence the sign.
#}
{% macro slope_per_week(prefix) %}
    {%- set whole = customer_health.type_whole_number() -%}
    {%- set count = prefix ~ '_count' -%}
    {%- set dividend = '(' ~ prefix ~ '_x * ' ~ prefix ~ '_y - ' ~ count ~ ' * ' ~ prefix ~ '_xy)' -%}
    {%- set divisor = '(' ~ count ~ ' * ' ~ prefix ~ '_xx - ' ~ prefix ~ '_x * ' ~ prefix ~ '_x)' -%}
    {{- return(
        'cast(' ~ customer_health.whole_division(
            'cast(14 * ' ~ dividend ~ ' + ' ~ divisor ~ ' as ' ~ whole ~ ')', '2 * ' ~ divisor
        ) ~ ' as bigint)'
    ) -}}
{% endmacro %}

{# The sums that slope_per_week reads, over the rows for which the condition holds. #}
{% macro slope_sums(prefix, condition, days, millionths) %}
        count(case when {{ condition }} then 1 end) as {{ prefix }}_count,
        cast(sum(case when {{ condition }} then {{ days }} else 0 end) as bigint) as {{ prefix }}_x,
        cast(sum(case when {{ condition }} then {{ millionths }} else 0 end) as bigint) as {{ prefix }}_y,
        cast(sum(case when {{ condition }} then {{ days }} * {{ days }} else 0 end) as bigint) as {{ prefix }}_xx,
        cast(sum(case when {{ condition }} then {{ days }} * {{ millionths }} else 0 end) as bigint) as {{ prefix }}_xy
{%- endmacro %}

{# Whole millionths of a point as a decimal with six places. #}
{% macro points_from_millionths(expression, precision=9) %}
    {{- return(
        'cast(cast(' ~ expression ~ ' as decimal(18, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(' ~ precision ~ ', 6))'
    ) -}}
{% endmacro %}
