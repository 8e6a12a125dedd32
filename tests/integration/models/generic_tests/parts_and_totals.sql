-- Grain: one total with two parts; rows 2 and 8 are wrong.

{%- set decimal = 'decimal(9, 6)' %}

{{ customer_health.rows_as_table(
    {
        'row_key': 'integer',
        'part_1': decimal,
        'part_2': decimal,
        'total': decimal,
        'right_total': decimal,
    },
    [
        [1, 0.1, 0.2, 0.3, 0.3],
        [2, 1, 2, 3.000001, 3],
        [4, 5, 'null', 5, 5],
        [8, 'null', 'null', 1, 0],
        [16, 1, 1, 'null', 'null'],
    ]
) }}
