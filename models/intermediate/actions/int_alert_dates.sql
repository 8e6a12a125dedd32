-- Grain: one date to judge alerts for: as_of_date, dates not judged yet, and every later one.
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

{%- set settings = customer_health.alert_settings() %}

with stored as (

    {{ customer_health.stored_dates() }}

),

judged as (

    select
        as_of_date,
        previous_as_of_date,
        has_customers
    from {{ ref('int_alert_slices_before') }}
    where state = 'judged'

),

dates as (

    select as_of_date
    from stored
    where as_of_date < {{ customer_health.as_of_date() }}

    union distinct

    select as_of_date
    from judged
    where as_of_date < {{ customer_health.as_of_date() }}

    union distinct

    select {{ customer_health.as_of_date() }} as as_of_date

),

in_order as (

    select
        dates.as_of_date,
        max(earlier.as_of_date) as previous_as_of_date
    from dates
    left join dates as earlier
        on dates.as_of_date > earlier.as_of_date
    group by dates.as_of_date

),

-- A date is out of date when another one has come between it and the one that it was judged after.
compared as (

    select
        in_order.as_of_date,
        in_order.previous_as_of_date,
        coalesce(judged.has_customers, false) as had_customers,
        in_order.as_of_date = {{ customer_health.as_of_date() }}
        or judged.as_of_date is null
        {%- if settings.replay_from is not none %}
        or in_order.as_of_date >= {{ settings.replay_from }}
        {%- endif %}
        or (
            in_order.previous_as_of_date is not null
            and coalesce(judged.previous_as_of_date < in_order.previous_as_of_date, true)
        ) as is_stale
    from in_order
    left join judged
        on in_order.as_of_date = judged.as_of_date

),

first_stale as (

    select min(as_of_date) as as_of_date
    from compared
    where is_stale

)

select
    compared.as_of_date,
    compared.previous_as_of_date,
    {{ customer_health.day_number('compared.as_of_date') }} as day_number,
    {{ customer_health.day_number('first_stale.as_of_date') }} as first_day_number,
    first_stale.as_of_date as first_as_of_date,
    compared.had_customers,
    compared.as_of_date = {{ customer_health.as_of_date() }} as is_newest
from compared
inner join first_stale
    on compared.as_of_date >= first_stale.as_of_date
