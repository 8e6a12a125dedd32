-- Grain: one dividend with its divisor. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as {{ customer_health.type_whole_number() }}) as dividend,
    cast(null as bigint) as divisor
where false
