-- Grain: one customer, with its adoption and the sum of its opportunities.
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set settings = customer_health.expansion_settings() %}

with customers as (

    select
        *,
        is_seats_known and is_tier_known and is_module_known and is_department_known as is_known,
        {{ customer_health.to_decimal('arr') }} as arr_amount
    from {{ ref('int_customer_expansion') }}

),

opportunities as (

    select
        customer_id,
        count(*) as opportunity_count,
        sum(estimated_revenue) as estimated_revenue
    from {{ ref('customer_success_opportunities') }}
    group by customer_id

),

-- A customer with a kind of opportunity that cannot be told has no total, rather than too low a one.
totalled as (

    select
        customers.*,
        case when customers.is_known then coalesce(opportunities.opportunity_count, 0) end as opportunity_count,
        case
            when customers.is_known then cast(coalesce(opportunities.estimated_revenue, 0) as decimal(28, 6))
        end as total_estimated_revenue,
        cast(
            customers.arr_amount * cast({{ settings.realistic_cap }} as decimal(9, 6)) as decimal(28, 6)
        ) as revenue_cap
    from customers
    left join opportunities
        on customers.customer_id = opportunities.customer_id
    {{ customer_health.computed_once() }}

)

select
    customer_id,
    record_number,
    name,
    segment,
    case when is_arr_given then arr_amount end as arr,
    total_modules,
    adopted_modules,
    adoption_rate,
    avg_usage_pct,
    seat_utilisation,
    licensed_seats,
    active_seats,
    current_tier,
    departments_covered,
    departments_potential,
    total_estimated_revenue,
    cast(
        total_estimated_revenue + coalesce(published_tier_revenue, 0) - coalesce(tier_revenue, 0) as decimal(28, 6)
    ) as published_total_estimated_revenue,
    case
        when total_estimated_revenue is null then null
        when on_hold then least(cast(0 as decimal(28, 6)), revenue_cap)
        else least(total_estimated_revenue, revenue_cap)
    end as realistic_revenue,
    opportunity_count,
    on_hold
from totalled
