-- Grain: one stored as_of_date. What the history holds, and what became of the source's rows of that date.
{{ config(
    enabled=customer_health.subject_is_built('trajectory'),
    materialized='incremental',
    incremental_strategy=customer_health.slice_strategy(),
    unique_key='as_of_date',
    partition_by=customer_health.slice_partition(),
    post_hook="{{ customer_health.drop_old_slices() }}"
) }}

{%- set slices = customer_health.slices() %}
-- The findings of new snapshots ask the log what is new, so it is written after them.
-- depends_on: {{ ref('value_findings') }}

-- A day without any account is not stored, and what it may hold from before stays.
with scored_days as (

    select distinct as_of_date
    from {{ ref('int_accounts_scored_by_date') }}
    where as_of_date in ({{ customer_health.date_literals(slices.to_store) }})

),

stored as (

    select
        slices.as_of_date,
        slices.policy,
        slices.policy_version,
        count(*) as account_count,
        count(slices.health_score) as scored_count
    from {{ ref('account_health_slices') }} as slices
    inner join scored_days
        on slices.as_of_date = scored_days.as_of_date
    group by slices.as_of_date, slices.policy, slices.policy_version

),

snapshot_rows as (

    select
        as_of_date,
        count(*) as source_row_count,
        sum(case when row_rank = 1 then 0 else 1 end) as rejected_row_count
    from {{ ref('base_salesforce__snapshot_rows') }}
    group by as_of_date

),

view_rows as (

    select count(*) as source_row_count
    from {{ source('raw', 'salesforce__customer_360_view') }}

),

view_rows_set_aside as (

    select sum(case when row_rank = 1 then 0 else 1 end) as rejected_row_count
    from {{ ref('base_salesforce__accounts_set_aside') }}

)

select
    stored.as_of_date,
    case when snapshot_rows.as_of_date is null then 'view' else 'snapshot' end as origin,
    stored.policy,
    stored.policy_version,
    cast(coalesce(snapshot_rows.source_row_count, view_rows.source_row_count) as bigint) as source_row_count,
    cast(case
        when snapshot_rows.as_of_date is null then coalesce(view_rows_set_aside.rejected_row_count, 0)
        else snapshot_rows.rejected_row_count
    end as bigint) as rejected_row_count,
    cast(stored.account_count as bigint) as account_count,
    cast(stored.scored_count as bigint) as scored_count
from stored
left join snapshot_rows
    on stored.as_of_date = snapshot_rows.as_of_date
cross join view_rows
cross join view_rows_set_aside
