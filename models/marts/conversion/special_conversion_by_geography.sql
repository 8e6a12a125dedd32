-- Grain: all addresses, one source system of addresses, one country, or one state, as `grain` says.
-- Without a mapping nothing matches, and the table says so: match_rate 0, members under Unmatched.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with addresses as (

    select
        customer360_id,
        coalesce(lower(source_system), 'unknown') as source_system
    from {{ ref('stg_customer360__addresses') }}

),

customer_addresses as (

    select * from {{ ref('int_customer_addresses') }}

),

members as (

    select
        customers.primary_email,
        coalesce(customer_addresses.has_address, false) as has_address,
        customer_addresses.source_system,
        case when customer_addresses.has_address then customer_addresses.country else 'Unmatched' end as country,
        case when customer_addresses.has_address then customer_addresses.state else 'Unmatched' end as state
    from {{ ref('int_customers_classified') }} as customers
    left join customer_addresses
        on customers.primary_email = customer_addresses.primary_email
    where customers.is_special_conversion

),

totals as (

    select count(*) as member_count
    from members

),

matched as (

    select distinct customer360_id
    from customer_addresses
    where has_address

),

address_counts as (

    select
        addresses.source_system,
        count(*) as address_count,
        count(matched.customer360_id) as matched_address_count
    from addresses
    left join matched
        on addresses.customer360_id = matched.customer360_id
    group by addresses.source_system

),

member_counts as (

    select
        source_system,
        count(*) as member_count
    from members
    where has_address
    group by source_system

),

by_source_system as (

    select
        address_counts.source_system,
        address_counts.address_count,
        address_counts.matched_address_count,
        coalesce(member_counts.member_count, 0) as member_count
    from address_counts
    left join member_counts
        on address_counts.source_system = member_counts.source_system

),

places as (

    select
        'source_system' as grain,
        source_system,
        '' as country,
        '' as state,
        address_count,
        matched_address_count,
        member_count
    from by_source_system
    union all
    select
        'all' as grain,
        '' as source_system,
        '' as country,
        '' as state,
        cast(coalesce(sum(address_count), 0) as bigint) as address_count,
        cast(coalesce(sum(matched_address_count), 0) as bigint) as matched_address_count,
        cast(coalesce(sum(member_count), 0) as bigint) as member_count
    from by_source_system
    union all
    select
        'country' as grain,
        '' as source_system,
        country,
        '' as state,
        cast(null as bigint) as address_count,
        cast(null as bigint) as matched_address_count,
        count(*) as member_count
    from members
    group by country
    union all
    select
        'state' as grain,
        '' as source_system,
        country,
        state,
        cast(null as bigint) as address_count,
        cast(null as bigint) as matched_address_count,
        count(*) as member_count
    from members
    group by country, state

)

select
    places.grain,
    places.source_system,
    places.country,
    places.state,
    places.address_count,
    places.matched_address_count,
    case
        when places.address_count = 0 then cast(0 as decimal(9, 6))
        else {{ customer_health.to_decimal(
            customer_health.safe_divide('places.matched_address_count', 'places.address_count'), 9
        ) }}
    end as match_rate,
    places.member_count,
    {{ customer_health.to_decimal(customer_health.safe_divide('places.member_count', 'totals.member_count'), 9) }}
        as member_share
from places
cross join totals
