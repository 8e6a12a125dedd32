-- Grain: one customer that reaches a customer360_id through the mapping: by its Marketo id, else its Stripe
-- id, else its Zendesk id; the first customer360_id where several match.
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

{%- set ids = ['marketo_lead_id', 'stripe_customer_id', 'zendesk_user_id'] %}

with customers as (

    select * from {{ ref('int_customers') }}

),

mappings as (

    select * from {{ ref('stg_customer360__mappings') }}

),

addresses as (

    select * from {{ ref('stg_customer360__addresses') }}

),

matches as (

    {%- for id in ids %}
    select
        customers.primary_email,
        mappings.customer360_id,
        {{ loop.index }} as match_order
    from customers
    inner join mappings
        on customers.{{ id }} = mappings.{{ id }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

ranked as (

    select
        primary_email,
        customer360_id,
        row_number() over (
            partition by primary_email
            order by match_order asc, {{ customer_health.byte_order('customer360_id') }} asc
        ) as match_rank
    from matches

)

select
    ranked.primary_email,
    ranked.customer360_id,
    addresses.customer360_id is not null as has_address,
    coalesce(lower(addresses.source_system), 'unknown') as source_system,
    coalesce(addresses.country, 'Unknown') as country,
    coalesce(addresses.state, 'Unknown') as state
from ranked
left join addresses
    on ranked.customer360_id = addresses.customer360_id
where ranked.match_rank = 1
