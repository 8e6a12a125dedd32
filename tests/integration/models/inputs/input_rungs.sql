-- Grain: one value to place on a ladder, with the cut-offs of its tiers. No rows: a unit test
-- gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as decimal(9, 6)) as score,
    cast(null as {{ customer_health.type_double() }}) as forecast,
    cast(null as {{ customer_health.type_double() }}) as cut_off_1,
    cast(null as {{ customer_health.type_double() }}) as cut_off_2
where false
