-- Grain: one customer whose record lists a higher plan tier or an unusable one: the lowest and the first higher one.
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set text = customer_health.type_text() %}

with customers as (

    select
        record_number,
        current_tier,
        available_tiers
    from {{ ref('stg_customer_success__expansion') }}
    where current_tier is not null

),

listed as (
    {{ customer_health.json_items('customers', ['record_number', 'current_tier'], 'available_tiers') | indent(4) }}
),

tiers as (

    select
        record_number,
        current_tier,
        position,
        {{ customer_health.json_text('token') }} as tier
    from listed
    {{ customer_health.computed_once() }}

),

plan_tiers as (

    select * from {{ ref('customer_success_plan_tiers') }}

),

other_tier as (

    select multiplier from plan_tiers
    where plan_tier = 'other'

),

compared as (

    select
        tiers.record_number,
        tiers.position,
        tiers.tier,
        coalesce(offered.multiplier, other_tier.multiplier) as multiplier,
        coalesce(held.multiplier, other_tier.multiplier) as current_multiplier
    from tiers
    cross join other_tier
    left join plan_tiers as offered
        on lower(tiers.tier) = offered.plan_tier
    left join plan_tiers as held
        on tiers.current_tier = held.plan_tier
    {{ customer_health.computed_once() }}

),

-- Multiplier and place with leading zeros, then the tier: the least of such texts carries its tier along.
coded as (

    select
        record_number,
        tier,
        current_multiplier,
        lpad(cast(cast(multiplier * 1000000 as bigint) as {{ text }}), 15, '0') as multiplier_code,
        lpad(cast(position as {{ text }}), 10, '0') as position_code
    from compared
    where
        multiplier > current_multiplier
        or tier is null
    {{ customer_health.computed_once() }}

),

chosen as (

    select
        record_number,
        count(case when tier is null then 1 end) as unusable_tiers,
        max(current_multiplier) as current_multiplier,
        min({{ customer_health.byte_order('multiplier_code || position_code || tier') }}) as lowest_code,
        min({{ customer_health.byte_order('position_code || multiplier_code || tier') }}) as first_code
    from coded
    group by record_number

)

select
    record_number,
    unusable_tiers,
    cast(current_multiplier as {{ customer_health.type_double() }}) as current_multiplier,
    substr(lowest_code, 26) as lowest_tier,
    cast(substr(lowest_code, 1, 15) as {{ customer_health.type_double() }}) / 1000000 as lowest_multiplier,
    substr(first_code, 26) as first_tier,
    cast(substr(first_code, 11, 15) as {{ customer_health.type_double() }}) / 1000000 as first_multiplier
from chosen
