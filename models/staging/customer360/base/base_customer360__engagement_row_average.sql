-- Grain: one row: the engagement scores of all source rows with a key, duplicates included.
-- Published beside the average over customers, because answers that used it differ.
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

{%- set source_table = source('customer360', 'customer360__customer_activity_metrics') %}
{%- set kinds = customer_health.source_columns(source_table) %}

with source_rows as (

    select written.* from {{ customer_health.source_rows(source_table) }} as written

),

cleaned as (

    select
        {{ customer_health.source_key(
            'primary_email' if 'primary_email' in kinds else 'null', 'primary_email', kinds.get('primary_email', 'text')
        ) }} as primary_email,
        {{ customer_health.clean_value(
            'composite_engagement_score', 'amount', kinds.get('composite_engagement_score')
        ) }} as composite_engagement_score
    from source_rows

)

select
    count(composite_engagement_score) as row_count,
    cast(sum({{ customer_health.to_decimal('composite_engagement_score') }}) as decimal(38, 6)) as engagement_sum
from cleaned
where primary_email is not null
