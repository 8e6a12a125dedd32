-- Grain: one distinct value of a population. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as population,
    cast(null as {{ customer_health.type_double() }}) as value,
    cast(null as bigint) as value_count
where false
