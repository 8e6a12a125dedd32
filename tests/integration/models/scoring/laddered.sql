-- Grain: one value, with the rung it stands on and the tier of its forecast.

{%- set bands = [
    {'band': 'High', 'at_least': 80},
    {'band': 'Medium', 'at_least': 50},
    {'band': 'Low', 'at_least': 0},
] %}
{%- set any_labels = [
    {'band': "Children's", 'at_least': 80},
    {'band': 'a\\b', 'at_least': 50},
    {'band': '\\', 'at_least': 0},
] %}

select
    example,
    {{ customer_health.ladder('score', bands, 'band') }} as band,
    {{ customer_health.ladder('score', [{'band': 'All', 'at_least': 0}], 'band', 'None') }}
        as only_rung,
    -- A fixture of a unit test cannot hold a backslash on every engine: a caret stands for it.
    replace({{ customer_health.ladder('score', any_labels, 'band', "It's\\") }}, chr(92), '^')
        as any_label,
    {{ customer_health.tier('forecast', [
        {'tier': 'A', 'above_quantile': 0.75},
        {'tier': 'B', 'above_quantile': 0.25},
        {'tier': 'C'},
    ], ['cut_off_1', 'cut_off_2']) }} as tier_above,
    {{ customer_health.tier('forecast', [
        {'tier': 'A', 'above_quantile': 0.75},
        {'tier': 'B', 'at_least_quantile': 0.25},
        {'tier': 'C'},
    ], ['cut_off_1', 'cut_off_2']) }} as tier_at_least
from {{ ref('input_rungs') }}
