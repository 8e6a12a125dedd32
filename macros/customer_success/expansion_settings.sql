{# The setting customer_success_expansion, checked. What each key means stands beside it in dbt_project.yml. #}
{% macro expansion_settings() %}
    {%- set where = 'setting customer_success_expansion' -%}
    {%- set settings = var('customer_success_expansion') -%}
    {%- set bounds = {
        'seat_utilisation_at_least': [0, 100],
        'department_share': [0, 100],
        'revenue_per_point': [0.000001, 1000000000],
        'realistic_cap': [0, 100],
    } -%}
    {%- do customer_health.check_keys(
        where, settings, (bounds | list) + ['effort_multipliers', 'default_segment'], []
    ) -%}
    {%- for key, limits in bounds.items() -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ key, settings[key], limits[0], limits[1]) -%}
    {%- endfor -%}
    {%- set efforts = where ~ ', key effort_multipliers' -%}
    {%- do customer_health.check_keys(efforts, settings.effort_multipliers, ['low', 'medium', 'high'], []) -%}
    {%- for effort, multiplier in settings.effort_multipliers.items() -%}
        {%- do customer_health.check_number(efforts ~ ', key ' ~ effort, multiplier, 0, 9.99) -%}
    {%- endfor -%}
    {%- do customer_health.check_choice(
        where ~ ', key default_segment', settings.default_segment, customer_health.customer_success_segments()
    ) -%}
    {{- return(settings) -}}
{% endmacro %}

{# The kinds of opportunities in the order in which they are collected: play -> type, category, effort. #}
{% macro expansion_plays() %}
    {{- return({
        'seats': {'type': 'expansion', 'category': 'seat_expansion', 'effort': 'low'},
        'tier': {'type': 'upsell', 'category': 'tier_upgrade', 'effort': 'medium'},
        'module': {'type': 'cross_sell', 'category': 'module_cross_sell', 'effort': 'low'},
        'department': {'type': 'expansion', 'category': 'department_expansion', 'effort': 'high'},
    }) -}}
{% endmacro %}

{#
    A fact of an opportunity, told by the column `place` (that of its kind in expansion_plays, from 1):
    type, category, effort, or effort_multiplier.
#}
{% macro expansion_play_fact(fact) %}
    {%- set multipliers = customer_health.expansion_settings().effort_multipliers -%}
    {%- set cases = [] -%}
    {%- for play in customer_health.expansion_plays().values() -%}
        {%- do cases.append(
            'when ' ~ loop.index ~ ' then ' ~ (
                customer_health.double(multipliers[play.effort]) if fact == 'effort_multiplier'
                else 'cast(' ~ customer_health.text_literal(play[fact]) ~ ' as ' ~ customer_health.type_text() ~ ')'
            )
        ) -%}
    {%- endfor -%}
    {{- return('case place ' ~ cases | join(' ') ~ ' end') -}}
{% endmacro %}

{# Points of an opportunity before its effort counts, a double: revenue / revenue_per_point, 0 to 100. #}
{% macro expansion_points(revenue) %}
    {%- set points = customer_health.double(revenue) ~ ' / '
        ~ customer_health.double(customer_health.expansion_settings().revenue_per_point) -%}
    {{- return('case when ' ~ points ~ ' > 100 then 100 when ' ~ points ~ ' < 0 then 0 else ' ~ points ~ ' end') -}}
{% endmacro %}
