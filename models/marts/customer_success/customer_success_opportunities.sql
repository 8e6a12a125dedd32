-- Grain: one opportunity to expand a customer, ranked within the customer.
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set places = customer_health.expansion_plays().keys() | list %}

with customers as (

    select
        record_number,
        customer_id,
        on_hold,
        additional_seats,
        published_tier,
        published_tier_revenue,
        published_tier_priority
    from {{ ref('int_customer_expansion') }}

),

ranked as (

    select
        record_number,
        place,
        target,
        revenue,
        priority_score,
        cast(row_number() over (
            partition by record_number order by priority_score desc, place asc, position asc
        ) as bigint) as rank
    from {{ ref('int_customer_opportunities') }}

),

described as (

    select
        customers.customer_id,
        ranked.rank,
        {%- for fact in ['type', 'category', 'effort'] %}
        {{ customer_health.expansion_play_fact(fact) }} as {{ fact }},
        {%- endfor %}
        ranked.target,
        ranked.revenue,
        ranked.priority_score,
        customers.on_hold,
        customers.additional_seats,
        ranked.place = {{ places.index('seats') + 1 }} as is_seats,
        -- The published method differs in nothing but the tier that it chooses.
        ranked.place = {{ places.index('tier') + 1 }} as is_tier,
        customers.published_tier,
        customers.published_tier_revenue,
        customers.published_tier_priority
    from ranked
    inner join customers
        on ranked.record_number = customers.record_number

)

select
    customer_id,
    rank,
    type,
    category,
    target,
    cast(revenue as decimal(28, 6)) as estimated_revenue,
    effort,
    priority_score,
    case when is_seats then additional_seats end as additional_seats,
    on_hold,
    case when is_tier then published_tier else target end as published_target,
    cast(case when is_tier then published_tier_revenue else revenue end as decimal(28, 6))
        as published_estimated_revenue,
    case when is_tier then published_tier_priority else priority_score end as published_priority_score
from described
