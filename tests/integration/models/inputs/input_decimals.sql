-- Grain: one decimal number. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as decimal(18, 3)) as source_value
where false
