-- Grain: one number, and what becomes of it in products and quotients.

{%- set number = customer_health.computable('source_value') %}

select
    example,
    {{ number }} = source_value as is_unchanged,
    {{ customer_health.to_decimal(number) }} as published,
    {{ customer_health.to_decimal(number ~ ' * ' ~ number ~ ' / 1000000') }} as published_square
from {{ ref('input_doubles') }}
