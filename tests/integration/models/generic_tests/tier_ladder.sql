-- Grain: one tier of one policy, as in policy_tiers.
-- `above` begins A and B above their quantiles, `at_least` at them.

{{ customer_health.rows_as_table(
    {
        'policy': customer_health.type_text(),
        'position': 'integer',
        'tier': customer_health.type_text(),
        'above_quantile': 'decimal(9, 6)',
        'at_least_quantile': 'decimal(9, 6)',
    },
    [
        ["'above'", 1, "'A'", 0.75, 'null'],
        ["'above'", 2, "'B'", 0.25, 'null'],
        ["'above'", 3, "'C'", 'null', 'null'],
        ["'at_least'", 1, "'A'", 'null', 0.75],
        ["'at_least'", 2, "'B'", 'null', 0.25],
        ["'at_least'", 3, "'C'", 'null', 'null'],
    ]
) }}
