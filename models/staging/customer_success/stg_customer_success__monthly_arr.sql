-- Grain: one customer and month, up to the month of as_of_date. Of several rows the one of the latest day counts.
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{%- set table = source('customer_success', 'customer_success__monthly_arr') %}
{%- set kinds = customer_health.source_columns(table) %}

with cleaned as (

    select
        {{ customer_health.clean_value('customer_id', 'text', kinds.get('customer_id')) }} as customer_id,
        cast({{ customer_health.parsed_moment('month', 'timestamp', kinds.get('month', 'text')) }} as date) as day,
        {{ customer_health.clean_value('arr', 'amount', kinds.get('arr')) }} as arr,
        lower(replace(replace(
            {{ customer_health.clean_value('segment', 'text', kinds.get('segment')) }}, '_', '-'
        ), ' ', '-')) as segment,
        {{ customer_health.clean_value('industry', 'text', kinds.get('industry')) }} as industry
    from {{ table }}
    {{ customer_health.computed_once() }}

),

monthly as (

    select
        customer_id,
        day,
        {{ customer_health.month_number('day') }} as month_number,
        {{ customer_health.to_decimal('arr') }} as arr,
        segment,
        industry
    from cleaned
    where customer_id is not null
        and day >= cast('1900-01-01' as date)
    {{ customer_health.computed_once() }}

),

ranked as (

    select
        monthly.*,
        row_number() over (
            partition by customer_id, month_number
            order by
                day desc,
                arr desc nulls last,
                {{ customer_health.byte_order('segment') }} nulls last,
                {{ customer_health.byte_order('industry') }} nulls last
        ) as place
    from monthly
    where month_number <= {{ customer_health.month_number(customer_health.as_of_date()) }}

)

select
    ranked.customer_id,
    ranked.month_number,
    cast(date_trunc('month', ranked.day) as date) as month,
    ranked.arr,
    -- A segment by ARR where none is given.
    coalesce(ranked.segment, by_arr.segment) as segment,
    ranked.industry
from ranked
left join {{ ref('retention_benchmarks') }} as by_arr
    on ranked.arr >= by_arr.arr_at_least
    and ranked.arr <= by_arr.arr_at_most
where ranked.place = 1
