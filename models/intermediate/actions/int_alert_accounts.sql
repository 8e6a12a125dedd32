-- Grain: one account or customer that has had an alert, with its account if there is one.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

with entities as (

    select distinct
        entity_type,
        entity_id
    from {{ ref('alert_slices') }}
    where state <> 'judged'

)
{%- if customer_health.subject_is_built('customer_success') %},

-- The main account of a customer speaks for it.
customer_accounts as (

    select
        customer_id,
        account_id
    from {{ ref('int_account_customers') }}
    where account_rank = 1

)
{%- endif %}

select
    entities.entity_type,
    entities.entity_id,
    {% if customer_health.subject_is_built('customer_success') -%}
    case when entities.entity_type = 'account' then entities.entity_id else customer_accounts.account_id end
    {%- else -%}
    case when entities.entity_type = 'account' then entities.entity_id end
    {%- endif %} as account_id
from entities
{%- if customer_health.subject_is_built('customer_success') %}
left join customer_accounts
    on entities.entity_type = 'customer'
    and entities.entity_id = customer_accounts.customer_id
{%- endif %}
