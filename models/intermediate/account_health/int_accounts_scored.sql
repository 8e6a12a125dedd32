-- Grain: one account on the current as-of date; the scores of all policies side by side.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with accounts_scored_by_date as (

    select * from {{ ref('int_accounts_scored_by_date') }}

)

select *
from accounts_scored_by_date
where as_of_date = {{ customer_health.current_slice_date() }}
