-- Grain: one count out of another. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as bigint) as successes,
    cast(null as bigint) as trials
where false
