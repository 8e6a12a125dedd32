-- Grain: one account or customer on as_of_date with a known value: the share of its kind that has less.
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

with entities as (

    select
        cast('account' as {{ customer_health.type_text() }}) as entity_type,
        account_id as entity_id,
        cast(predicted_6m_revenue as {{ customer_health.type_double() }}) as entity_value
    from {{ ref('account_health') }}
    where predicted_6m_revenue is not null
    {%- if customer_health.subject_is_built('customer_success') %}

    union all

    select
        cast('customer' as {{ customer_health.type_text() }}) as entity_type,
        customer_id as entity_id,
        cast(arr as {{ customer_health.type_double() }}) as entity_value
    from {{ ref('int_customer_alert_measures') }}
    where arr is not null
    {%- endif %}

),

value_counts as (

    select
        entity_type,
        entity_value,
        count(*) as value_count
    from entities
    group by entity_type, entity_value

),

ranked as (

    {{ customer_health.smaller_counts('value_counts', ['entity_type'], 'entity_value') | indent(4) }}

)

select
    entities.entity_type,
    entities.entity_id,
    {{ customer_health.to_decimal(customer_health.safe_divide('ranked.smaller_count', 'ranked.total_count'), 9) }}
        as value_share
from entities
inner join ranked
    on entities.entity_type = ranked.entity_type
    and entities.entity_value = ranked.entity_value
