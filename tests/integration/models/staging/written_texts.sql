-- Grain: one text, in the plain form that each format makes of it.

{%- set formats = {
    'german': {'decimal_sign': ',', 'thousands_sign': '.', 'units': ['€', '%', 'EUR']},
    'american': {'thousands_sign': ',', 'units': ['$', '%']},
    'swiss': {'thousands_sign': "'"},
    'french': {'decimal_sign': ',', 'thousands_sign': ' '},
} %}

select
    example,
    {%- for name, format in formats.items() %}
    {{ customer_health.in_plain_form('source_value', 'double', format) }} as {{ name }},
    {%- endfor %}
    {%- for order in ['dmy', 'mdy', 'ymd'] %}
    {{ customer_health.in_plain_form('source_value', 'timestamp', {'date_order': order}) }} as {{ order }},
    {%- endfor %}
    {{ customer_health.in_plain_form(
        'source_value', 'integer', {'true_words': ['Ja', 'x'], 'false_words': ['Nein'], 'decimal_sign': ','}
    ) }} as flag
from {{ ref('input_texts') }}
