-- Grain: one open or cooling alert on one date to judge, and one row that says that the date was judged.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

{%- set settings = customer_health.alert_settings() %}
{%- set text = customer_health.type_text() %}
{%- set key = 'entity_type, entity_id, rule_id' %}
{%- set so_far = 'partition by ' ~ key ~ ' order by as_of_date rows between unbounded preceding and current row' %}
{%- set earlier = 'partition by ' ~ key ~ ' order by as_of_date rows between unbounded preceding and 1 preceding' %}

with dates as (

    select * from {{ ref('int_alert_dates') }}

),

observations as (

    select * from {{ ref('int_alert_observations') }}

),

rules as (

    select
        rule_id,
        entity_type
    from {{ ref('alert_rules') }}

),

before as (

    select * from {{ ref('int_alert_slices_before') }}

),

first_dates as (

    select min(first_as_of_date) as first_as_of_date
    from dates

),

-- Accounts go on from the last date before the first to judge, customers from the last one that saw them.
starts as (

    select
        cast('account' as {{ text }}) as entity_type,
        max(before.as_of_date) as as_of_date
    from before
    cross join first_dates
    where before.as_of_date < first_dates.first_as_of_date
        and before.state = 'judged'

    union all

    select
        cast('customer' as {{ text }}) as entity_type,
        max(before.as_of_date) as as_of_date
    from before
    where before.as_of_date < {{ customer_health.as_of_date() }}
        and before.state = 'judged'
        and before.has_customers

),

seeds as (

    select
        before.entity_type,
        before.entity_id,
        before.rule_id,
        before.state = 'open' as was_open,
        before.severity,
        before.opened_on,
        before.last_seen_on,
        before.resolved_on,
        before.resolution,
        before.reopened_on,
        before.reopened_count,
        before.opened_value,
        before.last_value,
        before.driving_signals
    from before
    inner join starts
        on before.entity_type = starts.entity_type
        and before.as_of_date = starts.as_of_date

),

-- Before it fires for the first time an alert has no state; one that was there before has it from the first date.
beginnings as (

    select
        entity_type,
        entity_id,
        rule_id,
        as_of_date as first_on
    from observations
    where status = 'fires'

    union all

    select
        seeds.entity_type,
        seeds.entity_id,
        seeds.rule_id,
        first_dates.first_as_of_date as first_on
    from seeds
    cross join first_dates

),

candidates as (

    select
        entity_type,
        entity_id,
        rule_id,
        min(first_on) as first_on
    from beginnings
    group by entity_type, entity_id, rule_id

),

-- Every date of an alert from its first: a date without an observation is unknown.
steps as (

    select
        candidates.entity_type,
        candidates.entity_id,
        candidates.rule_id,
        dates.as_of_date,
        case
            when rules.rule_id is null then 'removed'
            else coalesce(observations.status, 'unknown')
        end as status,
        coalesce(seeds.was_open, false) as seed_is_open,
        seeds.opened_on as seed_opened_on,
        seeds.last_seen_on as seed_last_seen_on,
        seeds.resolved_on as seed_resolved_on,
        seeds.resolution as seed_resolution,
        seeds.reopened_on as seed_reopened_on,
        seeds.reopened_count as seed_reopened_count
    from candidates
    inner join dates
        on candidates.first_on <= dates.as_of_date
        and (candidates.entity_type = 'account' or dates.is_newest)
    left join observations
        on candidates.entity_type = observations.entity_type
        and candidates.entity_id = observations.entity_id
        and candidates.rule_id = observations.rule_id
        and dates.as_of_date = observations.as_of_date
    left join rules
        on candidates.entity_type = rules.entity_type
        and candidates.rule_id = rules.rule_id
    left join seeds
        on candidates.entity_type = seeds.entity_type
        and candidates.entity_id = seeds.entity_id
        and candidates.rule_id = seeds.rule_id
    {{ customer_health.computed_once() }}

),

known as (

    select
        steps.*,
        coalesce(
            max(case when status in ('fires', 'holds', 'clear') then as_of_date end) over ({{ so_far }}),
            seed_last_seen_on
        ) as last_known_on
    from steps
    {{ customer_health.computed_once() }}

),

-- What opens and what closes: the last of them decides, whatever the state before.
decided as (

    select
        known.*,
        case
            when status = 'fires' then 'opens'
            when status in ('clear', 'removed') then 'closes'
            when
                status = 'unknown'
                and {{ customer_health.days_between('last_known_on', 'as_of_date') }} > {{ settings.expire_after_days }}
                then 'closes'
        end as decision
    from known
    {{ customer_health.computed_once() }}

),

last_decisions as (

    select
        decided.*,
        max(case when decision = 'opens' then as_of_date end) over ({{ so_far }}) as last_opening_on,
        max(case when decision = 'closes' then as_of_date end) over ({{ so_far }}) as last_closing_on
    from decided
    {{ customer_health.computed_once() }}

),

opened as (

    select
        last_decisions.*,
        case
            when last_opening_on is null and last_closing_on is null then seed_is_open
            when last_opening_on is null then false
            when last_closing_on is null then true
            else last_opening_on > last_closing_on
        end as is_open
    from last_decisions
    {{ customer_health.computed_once() }}

),

turned as (

    select
        opened.*,
        coalesce(lag(is_open) over (partition by {{ key }} order by as_of_date), seed_is_open) as was_open
    from opened
    {{ customer_health.computed_once() }}

),

ended as (

    select
        turned.*,
        coalesce(
            max(case when was_open and not is_open then as_of_date end) over ({{ so_far }}), seed_resolved_on
        ) as last_end_on,
        coalesce(
            max(case when was_open and not is_open then as_of_date end) over ({{ earlier }}), seed_resolved_on
        ) as earlier_end_on
    from turned
    {{ customer_health.computed_once() }}

),

-- What opens again within the cool-down is the same alert.
started as (

    select
        ended.*,
        case
            when was_open or not is_open then null
            when
                {{ customer_health.days_between('earlier_end_on', 'as_of_date') }} <= {{ settings.cool_down_days }}
                then 'reopened'
            else 'opened'
        end as beginning
    from ended
    {{ customer_health.computed_once() }}

),

alerts as (

    select
        started.*,
        coalesce(max(case when beginning = 'opened' then as_of_date end) over ({{ so_far }}), seed_opened_on)
            as opened_on,
        coalesce(
            max(case when is_open and status in ('fires', 'holds') then as_of_date end) over ({{ so_far }}),
            seed_last_seen_on
        ) as last_seen_on
    from started
    {{ customer_health.computed_once() }}

),

counted as (

    select
        alerts.*,
        sum(case when beginning = 'reopened' then 1 else 0 end) over (
            partition by {{ key }}, opened_on
            order by as_of_date
            rows between unbounded preceding and current row
        ) + case when opened_on = seed_opened_on then seed_reopened_count else 0 end as reopened_count,
        coalesce(
            max(case when beginning = 'reopened' then as_of_date end) over (
                partition by {{ key }}, opened_on
                order by as_of_date
                rows between unbounded preceding and current row
            ),
            case when opened_on = seed_opened_on then seed_reopened_on end
        ) as reopened_on
    from alerts
    {{ customer_health.computed_once() }}

),

kept as (

    select *
    from counted
    where is_open
        or {{ customer_health.days_between('last_end_on', 'as_of_date') }} <= {{ settings.cool_down_days }}

)

select
    kept.as_of_date,
    kept.entity_type,
    kept.entity_id,
    kept.rule_id,
    case when kept.is_open then 'open' else 'cooling' end as state,
    kept.entity_type || ':' || kept.rule_id || ':' || cast(kept.opened_on as {{ text }}) || ':' || kept.entity_id
        as alert_id,
    coalesce(last_seen.severity, seeds.severity) as severity,
    kept.opened_on,
    kept.last_seen_on,
    case when not kept.is_open then kept.last_end_on end as resolved_on,
    case
        when kept.is_open then null
        when last_end.status = 'clear' then 'closed'
        when last_end.status = 'removed' then 'rule_removed'
        when last_end.status = 'unknown' then 'no_data'
        else seeds.resolution
    end as resolution,
    kept.reopened_on,
    cast(kept.reopened_count as bigint) as reopened_count,
    case when kept.opened_on = seeds.opened_on then seeds.opened_value else first_seen.observed_value end
        as opened_value,
    case when last_seen.status is null then seeds.last_value else last_seen.observed_value end as last_value,
    case when last_seen.status is null then seeds.driving_signals else last_seen.driving_signals end
        as driving_signals,
    cast(null as date) as previous_as_of_date,
    cast(null as boolean) as has_customers
from kept
left join seeds
    on kept.entity_type = seeds.entity_type
    and kept.entity_id = seeds.entity_id
    and kept.rule_id = seeds.rule_id
left join observations as last_seen
    on kept.entity_type = last_seen.entity_type
    and kept.entity_id = last_seen.entity_id
    and kept.rule_id = last_seen.rule_id
    and kept.last_seen_on = last_seen.as_of_date
left join observations as first_seen
    on kept.entity_type = first_seen.entity_type
    and kept.entity_id = first_seen.entity_id
    and kept.rule_id = first_seen.rule_id
    and kept.opened_on = first_seen.as_of_date
left join steps as last_end
    on kept.entity_type = last_end.entity_type
    and kept.entity_id = last_end.entity_id
    and kept.rule_id = last_end.rule_id
    and kept.last_end_on = last_end.as_of_date

union all

-- Customers of the past cannot be judged again: their alerts stay as they were.
select
    before.as_of_date,
    before.entity_type,
    before.entity_id,
    before.rule_id,
    before.state,
    before.alert_id,
    before.severity,
    before.opened_on,
    before.last_seen_on,
    before.resolved_on,
    before.resolution,
    before.reopened_on,
    before.reopened_count,
    before.opened_value,
    before.last_value,
    before.driving_signals,
    before.previous_as_of_date,
    before.has_customers
from before
inner join dates
    on before.as_of_date = dates.as_of_date
where before.entity_type = 'customer'
    and not dates.is_newest

union all

select
    as_of_date,
    cast('none' as {{ text }}) as entity_type,
    cast('none' as {{ text }}) as entity_id,
    cast('none' as {{ text }}) as rule_id,
    cast('judged' as {{ text }}) as state,
    'judged:' || cast(as_of_date as {{ text }}) as alert_id,
    cast(null as {{ text }}) as severity,
    cast(null as date) as opened_on,
    cast(null as date) as last_seen_on,
    cast(null as date) as resolved_on,
    cast(null as {{ text }}) as resolution,
    cast(null as date) as reopened_on,
    cast(null as bigint) as reopened_count,
    cast(null as decimal(28, 6)) as opened_value,
    cast(null as decimal(28, 6)) as last_value,
    cast(null as {{ text }}) as driving_signals,
    previous_as_of_date,
    {{ 'had_customers or is_newest' if customer_health.subject_is_built('customer_success') else 'had_customers' }}
        as has_customers
from dates
