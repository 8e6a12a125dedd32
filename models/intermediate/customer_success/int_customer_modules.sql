-- Grain: one module that a customer's record names, in the order of the record.
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{%- set paths = ['adopted', 'usage_pct'] %}

with customers as (

    select
        record_number,
        product_usage
    from {{ ref('stg_customer_success__expansion') }}
    where product_usage is not null

),

members as (
    {{ customer_health.json_members('customers', ['record_number'], 'product_usage') | indent(4) }}
),

parsed as (

    select
        record_number,
        position,
        name as module,
        left(token, 1) = '{' as is_object,
        case when left(token, 1) = '{' then {{ customer_health.parsed_json('token', paths) }} end as parsed
    from members
    {{ customer_health.computed_once() }}

),

tokens as (

    select
        record_number,
        position,
        module,
        is_object,
        {{ customer_health.json_token('parsed', 'adopted', paths) }} as adopted,
        {{ customer_health.json_token('parsed', 'usage_pct', paths) }} as usage_pct
    from parsed
    {{ customer_health.computed_once() }}

)

select
    record_number,
    position,
    module,
    case when is_object then {{ customer_health.json_truth('adopted') }} end as is_adopted,
    case
        when not is_object then null
        when usage_pct is null then {{ customer_health.double(0) }}
        else {{ customer_health.json_number('usage_pct') }}
    end as usage_pct
from tokens
