-- Grain: one text that is written out as a literal, beside the same text put together from parts.

{%- set apostrophe, backslash = 'chr(39)', 'chr(92)' %}
{%- set texts = [
    ('plain', 'Retail & co', "'Retail & co'"),
    ('apostrophe', "Children's Goods", "'Children' || " ~ apostrophe ~ " || 's Goods'"),
    ('two apostrophes', "''", apostrophe ~ ' || ' ~ apostrophe),
    ('backslash', 'a\\b', "'a' || " ~ backslash ~ " || 'b'"),
    ('backslash last', 'a\\', "'a' || " ~ backslash),
    ('backslash and n', '\\n', backslash ~ " || 'n'"),
    ('backslash, apostrophe', "\\'", backslash ~ ' || ' ~ apostrophe),
    ('quotation marks', '"x"', 'chr(34) || ' ~ "'x' || chr(34)"),
    ('beyond ASCII', 'Énergie €', "'Énergie €'"),
    ('line break', 'a\nb', "'a' || chr(10) || 'b'"),
] %}

{%- for example, text, parts in texts %}
select
    '{{ example }}' as example,
    length({{ customer_health.text_literal(text) }}) as text_length,
    {{ customer_health.text_literal(text) }} = {{ parts }} as is_same
{{ 'union all' if not loop.last }}
{%- endfor %}
