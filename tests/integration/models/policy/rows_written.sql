-- Grain: one row that is written out in the settings.

{{ customer_health.rows_as_table(
    {'name': customer_health.type_text(), 'weight': 'decimal(9, 6)', 'is_on': 'boolean'},
    [
        [customer_health.sql_literal("O'Hara"), customer_health.sql_literal(0.25), customer_health.sql_literal(true)],
        [customer_health.sql_literal(''), customer_health.sql_literal(none), customer_health.sql_literal(false)],
    ]
) }}
