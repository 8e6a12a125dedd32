-- Every accepted account of the current date is in account_health, and no other is.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), group='customer_health') }}

with accepted as (

    select account_id
    from {{ ref('int_accounts_by_date') }}
    where as_of_date = {{ customer_health.current_slice_date() }}

)

select
    coalesce(accepted.account_id, account_health.account_id) as row_key,
    accepted.account_id is not null as is_accepted,
    account_health.account_id is not null as is_in_account_health
from accepted
full outer join {{ ref('account_health') }} as account_health
    on accepted.account_id = account_health.account_id
where accepted.account_id is null
    or account_health.account_id is null
