-- Grain: one customer and month, up to the month of as_of_date.
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

with accepted as (

    select * from {{ ref('base_customer_success__monthly_arr_rows') }}
    where rejection is null

)

select
    accepted.customer_id,
    accepted.month_number,
    cast(date_trunc('month', accepted.day) as date) as month,
    accepted.arr,
    -- A segment by ARR where none is given.
    coalesce(accepted.segment, by_arr.segment) as segment,
    accepted.industry
from accepted
left join {{ ref('retention_benchmarks') }} as by_arr
    on accepted.arr >= by_arr.arr_at_least
    and accepted.arr <= by_arr.arr_at_most
