-- Grain: one value to scale, with its bounds. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as {{ customer_health.type_double() }}) as value,
    cast(null as {{ customer_health.type_double() }}) as lower_bound,
    cast(null as {{ customer_health.type_double() }}) as upper_bound
where false
