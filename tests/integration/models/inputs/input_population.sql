-- Grain: one member of a population. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as population,
    cast(null as integer) as member,
    cast(null as {{ customer_health.type_double() }}) as value
where false
