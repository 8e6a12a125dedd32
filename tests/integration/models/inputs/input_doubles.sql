-- Grain: one floating-point number. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as {{ customer_health.type_double() }}) as source_value
where false
