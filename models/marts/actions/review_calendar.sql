-- Grain: one account on as_of_date: its next health review, overdue ones first.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

with accounts as (

    select * from {{ ref('account_health') }}

),

account_segments as (

    select
        account_id,
        segment
    from {{ ref('account_segments') }}

),

segments as (

    select
        segment,
        review_every_days
    from {{ ref('segment_benchmarks') }}

),

trajectories as (

    select
        account_id,
        trajectory_state,
        change_30d
    from {{ ref('account_trajectory') }}

),

-- Nobody knows when the account was last spoken to: the review is due today. A century ago is enough of a date.
reached as (

    select
        accounts.account_id,
        accounts.account_name,
        accounts.owner_id,
        accounts.health_score,
        accounts.health_band,
        accounts.predicted_6m_revenue,
        accounts.as_of_date,
        account_segments.segment,
        segments.review_every_days,
        trajectories.trajectory_state,
        trajectories.change_30d,
        accounts.days_since_last_activity is not null as is_last_activity_known,
        case
            when accounts.days_since_last_activity is null then segments.review_every_days
            when accounts.days_since_last_activity > 36500 then 36500
            else accounts.days_since_last_activity
        end as days_since
    from accounts
    inner join account_segments
        on accounts.account_id = account_segments.account_id
    inner join segments
        on account_segments.segment = segments.segment
    left join trajectories
        on accounts.account_id = trajectories.account_id
    {{ customer_health.computed_once() }}

),

due as (

    select
        *,
        review_every_days - days_since as due_in_days,
        case when is_last_activity_known then {{ customer_health.add_days('as_of_date', '-days_since') }} end
            as last_activity_on
    from reached
    {{ customer_health.computed_once() }}

),

buckets as (

    select
        due_in_days,
        count(*) as bucket_count
    from due
    group by due_in_days

),

-- How many accounts are due earlier: to sort them all in one window would be a single worker's task.
bucket_starts as (

    select
        due_in_days,
        sum(bucket_count) over (order by due_in_days) - bucket_count as bucket_start
    from buckets

)

select
    due.account_id,
    due.account_name,
    due.segment,
    due.owner_id,
    due.review_every_days,
    due.last_activity_on,
    due.is_last_activity_known,
    {{ customer_health.add_days('due.as_of_date', 'due.due_in_days') }} as review_due_on,
    due.due_in_days,
    due.due_in_days < 0 as is_overdue,
    due.health_score,
    due.health_band,
    coalesce(due.trajectory_state, 'insufficient_history') as trajectory_state,
    due.change_30d,
    due.predicted_6m_revenue,
    cast(bucket_starts.bucket_start + row_number() over (
        partition by due.due_in_days
        order by
            due.predicted_6m_revenue desc nulls last,
            {{ customer_health.byte_order('due.account_id') }} asc
    ) as bigint) as rank,
    cast(row_number() over (
        partition by due.owner_id
        order by
            due.due_in_days asc,
            due.predicted_6m_revenue desc nulls last,
            {{ customer_health.byte_order('due.account_id') }} asc
    ) as bigint) as owner_rank,
    due.as_of_date
from due
inner join bucket_starts
    on due.due_in_days = bucket_starts.due_in_days
