-- Grain: one exact sum and the number of its terms. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as decimal(38, 6)) as total,
    cast(null as bigint) as counted
where false
