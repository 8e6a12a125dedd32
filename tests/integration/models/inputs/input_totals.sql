-- Grain: one account's amount, and whether it counts. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as population,
    cast(null as boolean) as is_counted,
    cast(null as decimal(28, 6)) as amount
where false
