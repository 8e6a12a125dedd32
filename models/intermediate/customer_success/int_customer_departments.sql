-- Grain: one entry of a customer's list of current or of potential departments, in the order of the record.
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{%- set lists = {'current_departments': 'true', 'potential_departments': 'false'} %}

with customers as (

    select
        record_number,
        current_departments,
        potential_departments
    from {{ ref('stg_customer_success__expansion') }}

),
{%- for column in lists %}

{{ column }} as (
    {{ customer_health.json_items('customers', ['record_number'], column) | indent(4) }}
),
{%- endfor %}

departments as (
    {%- for column, is_current in lists.items() %}

    select
        record_number,
        {{ is_current }} as is_current,
        position,
        {{ customer_health.json_text('token') }} as department
    from {{ column }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    record_number,
    is_current,
    position,
    department,
    lower(department) as department_key
from departments
