-- Grain: one alert, open or resolved, up to as_of_date.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

with slices as (

    select
        alert_slices.*,
        row_number() over (partition by alert_id order by as_of_date desc) as place
    from {{ ref('alert_slices') }} as alert_slices
    where state <> 'judged'
        and as_of_date <= {{ customer_health.as_of_date() }}

),

accounts as (

    select * from {{ ref('int_alert_accounts') }}

)

select
    slices.alert_id,
    slices.entity_type,
    slices.entity_id,
    accounts.account_id,
    slices.rule_id,
    slices.severity,
    slices.resolved_on is null as is_open,
    slices.opened_on,
    slices.last_seen_on,
    slices.resolved_on,
    slices.resolution,
    slices.reopened_on,
    slices.reopened_count,
    {{ customer_health.days_between(
        'slices.opened_on', 'coalesce(slices.resolved_on, ' ~ customer_health.as_of_date() ~ ')'
    ) }} as days_open,
    slices.opened_value,
    slices.last_value,
    slices.driving_signals
from slices
left join accounts
    on slices.entity_type = accounts.entity_type
    and slices.entity_id = accounts.entity_id
where slices.place = 1
