-- Grain: one opportunity of a customer, as collected: seats, plan tier, modules, departments.
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set text = customer_health.type_text() %}
{%- set double = customer_health.type_double() %}
{%- set places = customer_health.expansion_plays().keys() | list %}

with customers as (

    select * from {{ ref('int_customer_expansion') }}

),

arr_shares as (

    select * from {{ ref('customer_success_modules') }}

),

other_module as (

    select arr_share from arr_shares
    where module = 'other'

),

current_departments as (

    select
        record_number,
        department_key
    from {{ ref('int_customer_departments') }}
    where is_current

),

seats as (

    select
        record_number,
        {{ places.index('seats') + 1 }} as place,
        cast(1 as bigint) as position,
        cast(null as {{ text }}) as target,
        seats_revenue as revenue
    from customers
    where seats_revenue is not null

),

tiers as (

    select
        record_number,
        {{ places.index('tier') + 1 }} as place,
        cast(1 as bigint) as position,
        tier as target,
        tier_revenue as revenue
    from customers
    where tier_revenue is not null

),

offered_modules as (

    select
        modules.record_number,
        modules.position,
        modules.module,
        customers.arr * cast(coalesce(arr_shares.arr_share, other_module.arr_share) as {{ double }}) as revenue
    from {{ ref('int_customer_modules') }} as modules
    inner join customers
        on modules.record_number = customers.record_number
    cross join other_module
    left join arr_shares
        on lower(modules.module) = arr_shares.module
    where
        not modules.is_adopted
        and customers.is_module_known
        and coalesce(arr_shares.arr_share, other_module.arr_share) > 0
    {{ customer_health.computed_once() }}

),

modules as (

    select
        record_number,
        {{ places.index('module') + 1 }} as place,
        position,
        module as target,
        cast({{ customer_health.round_half_even('revenue') }} as bigint) as revenue
    from offered_modules

),

departments as (

    select
        potential.record_number,
        {{ places.index('department') + 1 }} as place,
        potential.position,
        potential.department as target,
        customers.department_revenue as revenue
    from {{ ref('int_customer_departments') }} as potential
    inner join customers
        on potential.record_number = customers.record_number
    where
        not potential.is_current
        and customers.is_department_known
        and not exists (
            select 1 from current_departments
            where
                current_departments.record_number = potential.record_number
                and current_departments.department_key = potential.department_key
        )

),

collected as (
    {%- for kind in ['seats', 'tiers', 'modules', 'departments'] %}

    select
        record_number,
        place,
        position,
        target,
        revenue
    from {{ kind }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

weighted as (

    select
        record_number,
        place,
        position,
        target,
        revenue,
        {{ customer_health.expansion_points('revenue') }}
        * {{ customer_health.expansion_play_fact('effort_multiplier') }} as points
    from collected
    {{ customer_health.computed_once() }}

)

select
    record_number,
    place,
    position,
    target,
    revenue,
    cast({{ customer_health.round_half_even_to_tenths('points') }} as decimal(4, 1)) as priority_score
from weighted
