-- Grain: one customer, with seats, plan, modules and departments; what is absent has its default, what is
-- there but unusable is NULL.
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set settings = customer_health.expansion_settings() %}
{%- set lists = {
    'available_tiers': 'has_contract',
    'current_departments': 'has_departments',
    'potential_departments': 'has_departments',
} %}

with accepted as (

    select
        *,
        coalesce(contract, '{') = '{' as has_contract,
        coalesce(departments, '{') = '{' as has_departments
    from {{ ref('base_customer_success__expansion_records') }}
    where rejection is null

)

select
    record_number,
    key as customer_id,
    case when name is null then 'Unknown' else {{ customer_health.json_text('name') }} end as name,
    case
        when segment is null then {{ customer_health.text_literal(settings.default_segment) }}
        else lower({{ customer_health.json_text('segment') }})
    end as segment,
    -- The method computes with 0 where the record has none; nobody is told that it were 0.
    case
        when arr is null then {{ customer_health.double(0) }}
        else {{ customer_health.computable(customer_health.json_number('arr')) }}
    end as arr,
    arr is not null as is_arr_given,
    case
        when not has_contract then null
        when licensed_seats is null then {{ customer_health.double(0) }}
        else {{ customer_health.computable(customer_health.json_number('licensed_seats')) }}
    end as licensed_seats,
    case
        when not has_contract then null
        when active_seats is null then {{ customer_health.double(0) }}
        else {{ customer_health.computable(customer_health.json_number('active_seats')) }}
    end as active_seats,
    case
        when not has_contract then null
        when plan_tier is null then ''
        else lower({{ customer_health.json_text('plan_tier') }})
    end as current_tier,
    {%- for column, section_is_usable in lists.items() %}
    case
        when not {{ section_is_usable }} then null
        when {{ column }} is null then '[]'
        when left({{ column }}, 1) = '[' then {{ column }}
    end as {{ column }},
    {%- endfor %}
    case
        when product_usage is null then '{}'
        when left(product_usage, 1) = '{' then product_usage
    end as product_usage
from accepted
