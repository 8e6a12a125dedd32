-- Grain: none, typed all the same.

{{ customer_health.rows_as_table(
    {'name': customer_health.type_text(), 'weight': 'decimal(9, 6)'}, []
) }}
