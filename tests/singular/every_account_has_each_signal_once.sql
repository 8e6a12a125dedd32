-- Every account has each signal of the catalogue exactly once. Each signal weighs a power of two of its own: as
-- many of them as there are signals sum to the whole only if each is there once. So a row per account is enough,
-- where a group for each signal of a million accounts would not fit into memory.
{{ config(enabled=customer_health.subject_is_built('trajectory'), group='customer_health') }}

with signals as (

    select
        signal_id,
        cast(power({{ customer_health.double(2) }}, position) as bigint) as weight
    from {{ ref('signal_catalogue') }}

),

whole as (

    select
        count(*) as signal_count,
        cast(sum(weight) as bigint) as weight_sum
    from signals

),

held as (

    select
        states.as_of_date,
        states.account_id,
        count(*) as signal_count,
        cast(coalesce(sum(signals.weight), 0) as bigint) as weight_sum
    from {{ ref('account_signal_states') }} as states
    left join signals
        on states.signal_id = signals.signal_id
    group by states.as_of_date, states.account_id

)

select
    held.as_of_date,
    held.account_id as row_key,
    whole.signal_count as expected_rows,
    held.signal_count as observed_rows,
    whole.weight_sum as expected_weight,
    held.weight_sum as observed_weight
from held
cross join whole
where
    held.signal_count <> whole.signal_count
    or held.weight_sum <> whole.weight_sum
    or held.account_id is null
