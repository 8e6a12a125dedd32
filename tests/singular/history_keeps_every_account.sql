-- Of every stored date: rows of the source = accounts + rejected rows, and the slice holds these accounts.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('trajectory'), group='customer_health') }}

with slices as (

    select
        as_of_date,
        count(*) as slice_rows
    from {{ ref('account_health_slices') }}
    group by as_of_date

)

select
    slice_log.as_of_date as row_key,
    slice_log.source_row_count as expected_rows,
    slice_log.account_count + slice_log.rejected_row_count as observed_rows,
    slices.slice_rows
from {{ ref('account_health_slice_log') }} as slice_log
left join slices
    on slice_log.as_of_date = slices.as_of_date
where slice_log.source_row_count <> slice_log.account_count + slice_log.rejected_row_count
    or coalesce(slices.slice_rows, -1) <> slice_log.account_count
