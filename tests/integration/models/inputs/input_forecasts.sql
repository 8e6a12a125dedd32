-- Grain: one account's score and amounts. No rows: a unit test gives its own.

select
    cast(null as {{ customer_health.type_text() }}) as example,
    cast(null as decimal(9, 6)) as health_score,
    cast(null as {{ customer_health.type_double() }}) as total_won_amount,
    cast(null as {{ customer_health.type_double() }}) as current_pipeline_amount,
    cast(null as {{ customer_health.type_double() }}) as annual_revenue,
    cast(null as {{ customer_health.type_double() }}) as win_rate_percentage,
    cast(null as bigint) as account_age_days
where false
