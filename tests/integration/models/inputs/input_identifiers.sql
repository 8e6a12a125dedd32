-- Grain: one identifier of the engine's own type. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as {{ 'string' if target.type == 'spark' else 'uuid' }}) as source_value
where false
