-- The changes of all metrics sum to the change of the score between the two slices, exactly.
{{ config(enabled=customer_health.subject_is_built('trajectory'), group='customer_health') }}

with summed as (

    select
        account_id,
        days,
        from_date,
        to_date,
        sum(points_change) as points_change
    from {{ ref('account_health_changes') }}
    group by account_id, days, from_date, to_date

)

select
    summed.account_id as row_key,
    summed.days,
    summed.points_change as observed_change,
    to_slices.health_score - from_slices.health_score as expected_change
from summed
inner join {{ ref('account_health_slices') }} as from_slices
    on summed.account_id = from_slices.account_id
    and summed.from_date = from_slices.as_of_date
inner join {{ ref('account_health_slices') }} as to_slices
    on summed.account_id = to_slices.account_id
    and summed.to_date = to_slices.as_of_date
where summed.points_change <> to_slices.health_score - from_slices.health_score
