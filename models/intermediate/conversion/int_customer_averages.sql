-- Grain: one row: what is compared with over all customers. Sums are exact.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

with customers as (

    select * from {{ ref('int_customers') }}

),

source_rows as (

    select * from {{ ref('base_customer360__engagement_row_average') }}

),

summed as (

    select
        count(*) as customer_count,
        count(engagement) as engagement_count,
        cast(sum(engagement) as decimal(38, 6)) as engagement_sum,
        count(health_score) as health_count,
        cast(sum({{ customer_health.to_decimal('health_score') }}) as decimal(38, 6)) as health_sum
        {%- for metric in customer_health.index_metrics() %},
        min(cast({{ metric }} as {{ customer_health.type_double() }})) as {{ metric }}__lower,
        max(cast({{ metric }} as {{ customer_health.type_double() }})) as {{ metric }}__upper
        {%- endfor %}
    from customers

)

select
    summed.*,
    source_rows.row_count as source_row_count,
    source_rows.engagement_sum as source_row_engagement_sum
from summed
cross join source_rows
