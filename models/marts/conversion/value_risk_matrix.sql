-- Grain: one value level and risk level: all nine cells, empty ones included.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with customers as (

    select * from {{ ref('int_customers_classified') }}

),

strategies as (

    select * from {{ ref('value_risk_strategies') }}

),

counted as (

    select
        value_level,
        risk_level,
        {{ customer_health.customer_figures() }}
    from customers
    group by value_level, risk_level

),

totals as (

    select count(*) as customer_count
    from customers

)

select
    strategies.value_level,
    strategies.risk_level,
    strategies.strategy,
    coalesce(counted.customer_count, 0) as customer_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('coalesce(counted.customer_count, 0)', 'totals.customer_count'), 9
    ) }} as customer_share,
    coalesce(counted.member_count, 0) as member_count,
    cast({{ customer_health.exact_mean('counted.health_sum', 'counted.health_count') }} as decimal(9, 6))
        as mean_health,
    {{ customer_health.exact_mean('counted.ltv_sum', 'counted.ltv_count') }} as mean_ltv,
    {{ customer_health.known_total('counted.ltv_sum', 'counted.customer_count') }} as total_ltv,
    strategies.action_1,
    strategies.action_2,
    strategies.action_3
from strategies
cross join totals
left join counted
    on strategies.value_level = counted.value_level
    and strategies.risk_level = counted.risk_level
