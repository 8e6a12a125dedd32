-- Grain: one customer, with its adoption, what each kind of opportunity would bring, and which kinds are known.
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{%- set settings = customer_health.expansion_settings() %}
{%- set double = customer_health.type_double() %}
{%- set carried = [
    'record_number', 'customer_id', 'name', 'segment', 'arr', 'is_arr_given', 'licensed_seats', 'active_seats', 'current_tier', 'on_hold',
    'lowest_tier', 'first_tier', 'total_modules', 'adopted_modules', 'departments_covered', 'departments_potential',
    'is_seats_known', 'is_tier_known', 'is_module_known', 'is_department_known',
] %}

with customers as (

    select
        record_number,
        customer_id,
        name,
        segment,
        arr,
        is_arr_given,
        licensed_seats,
        active_seats,
        current_tier,
        available_tiers is not null as has_tiers,
        product_usage is not null as has_modules,
        current_departments is not null as has_current_departments,
        potential_departments is not null as has_potential_departments
    from {{ ref('stg_customer_success__expansion') }}
    {{ customer_health.computed_once() }}

),

upgrades as (

    select * from {{ ref('int_customer_plan_upgrades') }}

),

modules as (

    select
        record_number,
        count(*) as total_modules,
        count(case when is_adopted then 1 end) as adopted_modules,
        count(case when is_adopted is null then 1 end) as unusable_modules,
        sum(case when is_adopted then {{ customer_health.to_decimal('usage_pct') }} end) as usage_sum,
        count(case when is_adopted and usage_pct is null then 1 end) as unusable_usages
    from {{ ref('int_customer_modules') }}
    group by record_number

),

departments as (

    select
        record_number,
        count(case when is_current then 1 end) as current_count,
        count(case when not is_current then 1 end) as potential_count,
        count(case when department is null then 1 end) as unusable_departments
    from {{ ref('int_customer_departments') }}
    group by record_number

),

seat_factors as (

    select * from {{ ref('customer_success_seat_factors') }}

),

other_segment as (

    select seat_factor from seat_factors
    where segment = 'other'

),

risks as (

    select
        customer_id,
        risk_tier in ('critical', 'high') as on_hold
    from {{ ref('customer_success_churn_risk') }}

),

joined as (

    select
        customers.record_number,
        customers.customer_id,
        customers.name,
        customers.segment,
        customers.arr,
        customers.is_arr_given,
        customers.licensed_seats,
        customers.active_seats,
        customers.current_tier,
        risks.on_hold,
        cast(coalesce(seat_factors.seat_factor, other_segment.seat_factor) as {{ double }}) as seat_factor,
        upgrades.current_multiplier,
        upgrades.lowest_tier,
        upgrades.lowest_multiplier,
        upgrades.first_tier,
        upgrades.first_multiplier,
        customers.arr is not null and customers.segment is not null and customers.licensed_seats is not null
        and customers.active_seats is not null as is_seats_known,
        customers.arr is not null and customers.current_tier is not null and customers.has_tiers
        and coalesce(upgrades.unusable_tiers, 0) = 0 as is_tier_known,
        customers.arr is not null and customers.has_modules
        and coalesce(modules.unusable_modules, 0) = 0 as is_module_known,
        customers.arr is not null and customers.has_current_departments
        and customers.has_potential_departments
        and coalesce(departments.unusable_departments, 0) = 0 as is_department_known,
        case when customers.has_modules then coalesce(modules.total_modules, 0) end as total_modules,
        case
            when customers.has_modules and coalesce(modules.unusable_modules, 0) = 0
                then coalesce(modules.adopted_modules, 0)
        end as adopted_modules,
        case
            when coalesce(modules.unusable_usages, 0) = 0
                then cast(coalesce(modules.usage_sum, 0) as {{ double }})
        end as usage_sum,
        case
            when customers.has_current_departments then coalesce(departments.current_count, 0)
        end as departments_covered,
        case
            when customers.has_potential_departments then coalesce(departments.potential_count, 0)
        end as departments_potential
    from customers
    cross join other_segment
    left join seat_factors
        on customers.segment = seat_factors.segment
    left join upgrades
        on customers.record_number = upgrades.record_number
    left join modules
        on customers.record_number = modules.record_number
    left join departments
        on customers.record_number = departments.record_number
    left join risks
        on customers.customer_id = risks.customer_id
    {{ customer_health.computed_once() }}

),

-- In doubles and in the published order: what is rounded below depends on it.
computed as (

    select
        {{ carried | join(',\n        ') }},
        case
            when total_modules = 0 and adopted_modules = 0 then {{ customer_health.double(0) }}
            else cast(adopted_modules as {{ double }}) / nullif(cast(total_modules as {{ double }}), 0) * 100
        end as adoption_rate,
        case
            when adopted_modules = 0 then usage_sum
            else usage_sum / cast(adopted_modules as {{ double }})
        end as avg_usage_pct,
        active_seats / case when licensed_seats < 1 then {{ customer_health.double(1) }} else licensed_seats end * 100
            as seat_utilisation,
        case
            when licensed_seats = 0 then {{ customer_health.double(0) }}
            else active_seats / licensed_seats
        end >= {{ customer_health.double(settings.seat_utilisation_at_least) }} as is_seats_full,
        licensed_seats * seat_factor as additional_seats,
        case when is_seats_known then arr * seat_factor end as seats_revenue,
        case when is_tier_known then arr / current_multiplier * lowest_multiplier - arr end as tier_revenue,
        case when is_tier_known then arr / current_multiplier * first_multiplier - arr end as published_tier_revenue,
        case
            when is_department_known
                then
                    arr / case when departments_covered = 0 then 1 else cast(departments_covered as {{ double }}) end
                    * {{ customer_health.double(settings.department_share) }}
        end as department_revenue
    from joined
    {{ customer_health.computed_once() }}

),

rounded as (

    select
        {{ carried | join(',\n        ') }},
        is_seats_full,
        cast(case
            when additional_seats < 0 then -floor(-additional_seats) else floor(additional_seats)
        end as bigint) as additional_seats,
        {%- for column in ['adoption_rate', 'avg_usage_pct', 'seat_utilisation'] %}
        {{ customer_health.round_half_even_to_tenths(column) }} as {{ column }},
        {%- endfor %}
        cast({{ customer_health.round_half_even('seats_revenue') }} as bigint) as seats_revenue,
        cast({{ customer_health.round_half_even('tier_revenue') }} as bigint) as tier_revenue,
        cast({{ customer_health.round_half_even('published_tier_revenue') }} as bigint) as published_tier_revenue,
        cast({{ customer_health.round_half_even('department_revenue') }} as bigint) as department_revenue
    from computed
    {{ customer_health.computed_once() }}

),

weighted as (

    select
        rounded.*,
        {{ customer_health.expansion_points('published_tier_revenue') }}
        * {{ customer_health.double(settings.effort_multipliers[customer_health.expansion_plays().tier.effort]) }}
            as published_tier_points
    from rounded
    {{ customer_health.computed_once() }}

)

select
    record_number,
    customer_id,
    name,
    segment,
    arr,
    is_arr_given,
    {%- for column in ['licensed_seats', 'active_seats', 'avg_usage_pct', 'seat_utilisation'] %}
    {{ customer_health.to_decimal(column) }} as {{ column }},
    {%- endfor %}
    current_tier,
    on_hold,
    total_modules,
    adopted_modules,
    cast(adoption_rate as decimal(4, 1)) as adoption_rate,
    departments_covered,
    departments_potential,
    is_seats_known,
    is_tier_known,
    is_module_known,
    is_department_known,
    additional_seats,
    -- A play that brings nothing is none; modules and departments are plays all the same.
    case when is_seats_full and seats_revenue > 0 then seats_revenue end as seats_revenue,
    case when tier_revenue > 0 then tier_revenue end as tier_revenue,
    case when tier_revenue > 0 then lowest_tier end as tier,
    case when published_tier_revenue > 0 then published_tier_revenue end as published_tier_revenue,
    case when published_tier_revenue > 0 then first_tier end as published_tier,
    cast({{ customer_health.round_half_even_to_tenths('published_tier_points') }} as decimal(4, 1))
        as published_tier_priority,
    department_revenue
from weighted
