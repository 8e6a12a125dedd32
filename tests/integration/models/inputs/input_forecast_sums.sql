-- Grain: one account's parts of a forecast, as numbers and as rounded running sums. No rows: a
-- unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as {{ customer_health.type_double() }}) as two__run_rate_revenue_unrounded,
    cast(null as decimal(28, 6)) as two__run_rate_revenue_accumulated,
    cast(null as {{ customer_health.type_double() }}) as two__upsell_revenue_unrounded,
    cast(null as decimal(28, 6)) as two__upsell_revenue_accumulated
where false
