-- Grain: one day. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as date) as source_value
where false
