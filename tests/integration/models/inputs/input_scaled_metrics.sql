-- Grain: one account's scaled metrics. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as {{ customer_health.type_double() }}) as reach,
    cast(null as {{ customer_health.type_double() }}) as depth,
    cast(null as {{ customer_health.type_double() }}) as spend
where false
