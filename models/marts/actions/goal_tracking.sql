-- Grain: one goal of account health, against the history. Its accounts are those in scope at the baseline: were the
-- scope drawn anew, an account that rises out of tier B would lower what the goal is to raise.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set lowest_band = customer_health.active_policy().bands[-1].band %}

with goals as (

    select * from {{ ref('goals') }}

),

history as (

    select
        as_of_date,
        account_id,
        industry,
        account_size_segment,
        health_score,
        health_band,
        contribution_tier,
        predicted_6m_revenue,
        policy,
        policy_version
    from {{ ref('account_health_history') }}

),

newest as (

    select max(as_of_date) as newest_on from history

),

newest_policy as (

    select
        max(newest.newest_on) as newest_on,
        max(history.policy) as policy,
        max(history.policy_version) as policy_version
    from history
    inner join newest
        on history.as_of_date = newest.newest_on

),

-- Slices under another policy, or another version of it, cannot be compared.
comparable as (

    select history.*
    from history
    inner join newest_policy
        on history.policy = newest_policy.policy
        and history.policy_version = newest_policy.policy_version

),

slice_dates as (

    select distinct as_of_date from comparable

),

-- The newest slice from before the horizon, or the first one there is.
baselines as (

    select
        goals.goal_id,
        goals.scope_kind,
        goals.scope_value,
        goals.horizon_days,
        max(newest_policy.newest_on) as current_on,
        coalesce(
            max(
                case
                    when {{ customer_health.days_between('slice_dates.as_of_date', 'newest_policy.newest_on') }}
                        >= goals.horizon_days then slice_dates.as_of_date
                end
            ),
            min(slice_dates.as_of_date)
        ) as baseline_on
    from goals
    cross join newest_policy
    cross join slice_dates
    group by goals.goal_id, goals.scope_kind, goals.scope_value, goals.horizon_days

),

baseline_dates as (

    select distinct baseline_on from baselines

),

cells as (

    select
        comparable.as_of_date,
        comparable.industry,
        comparable.account_size_segment,
        count(comparable.health_score) as scored_count,
        count(case when comparable.health_band = '{{ lowest_band }}' then 1 end) as low_health_count
    from comparable
    inner join baseline_dates
        on comparable.as_of_date = baseline_dates.baseline_on
    group by comparable.as_of_date, comparable.industry, comparable.account_size_segment

),

rated_cells as (

    select
        *,
        {{ customer_health.to_decimal(customer_health.safe_divide('low_health_count', 'scored_count'), 9) }}
            as low_health_rate
    from cells
    {{ customer_health.computed_once() }}

),

levelled_cells as (

    select
        as_of_date,
        industry,
        account_size_segment,
        {{ customer_health.ladder('low_health_rate', customer_health.risk_levels(), 'risk_level') }} as risk_level
    from rated_cells

),

members as (

    select
        baselines.goal_id,
        comparable.account_id
    from baselines
    inner join comparable
        on baselines.baseline_on = comparable.as_of_date
    inner join levelled_cells
        on comparable.as_of_date = levelled_cells.as_of_date
        and comparable.industry = levelled_cells.industry
        and comparable.account_size_segment = levelled_cells.account_size_segment
    where baselines.scope_value
        = case when baselines.scope_kind = 'tier' then comparable.contribution_tier else levelled_cells.risk_level end

),

counted as (

    select
        baselines.goal_id,
        comparable.as_of_date,
        count(*) as account_count,
        count(comparable.health_score) as scored_count,
        count(case when comparable.health_band = '{{ lowest_band }}' then 1 end) as low_health_count,
        cast(sum(comparable.health_score) as decimal(38, 6)) as score_sum,
        cast(sum(comparable.predicted_6m_revenue) as decimal(38, 6)) as forecast_sum
    from baselines
    inner join members
        on baselines.goal_id = members.goal_id
    inner join comparable
        on members.account_id = comparable.account_id
        and (baselines.baseline_on = comparable.as_of_date or baselines.current_on = comparable.as_of_date)
    group by baselines.goal_id, comparable.as_of_date

),

figures as (

    select
        counted.goal_id,
        counted.as_of_date,
        counted.account_count,
        -- On Postgres a CASE without ELSE has no scale.
        cast(case goals.metric
            when 'low_health_rate'
                then {{ customer_health.to_decimal(
                    customer_health.safe_divide('counted.low_health_count', 'counted.scored_count'), 9
                ) }}
            when 'mean_health_score'
                then {{ customer_health.exact_mean('counted.score_sum', 'counted.scored_count') }}
            when 'predicted_6m_revenue_total' then counted.forecast_sum
        end as decimal(28, 6)) as figure
    from counted
    inner join goals
        on counted.goal_id = goals.goal_id

),

compared as (

    select
        goals.goal_id,
        goals.goal,
        goals.scope_kind,
        goals.scope_value,
        goals.metric,
        goals.direction,
        goals.horizon_days,
        baselines.baseline_on,
        baselines.current_on,
        {{ customer_health.days_between('baselines.baseline_on', 'baselines.current_on') }} as elapsed_days,
        coalesce(first_figures.account_count, 0) as baseline_account_count,
        coalesce(last_figures.account_count, 0) as current_account_count,
        first_figures.figure as baseline_value,
        last_figures.figure as current_value,
        last_figures.figure - first_figures.figure as change,
        case goals.target_kind
            when 'relative' then {{ customer_health.to_decimal(
                customer_health.double('first_figures.figure') ~ ' * ' ~ customer_health.double('goals.target_low')
            ) }}
            else cast(goals.target_low as decimal(28, 6))
        end as change_needed,
        case goals.target_kind
            when 'relative' then {{ customer_health.to_decimal(
                customer_health.double('first_figures.figure') ~ ' * ' ~ customer_health.double('goals.target_high')
            ) }}
            else cast(goals.target_high as decimal(28, 6))
        end as change_wanted
    from goals
    left join baselines
        on goals.goal_id = baselines.goal_id
    left join figures as first_figures
        on baselines.goal_id = first_figures.goal_id
        and baselines.baseline_on = first_figures.as_of_date
    left join figures as last_figures
        on baselines.goal_id = last_figures.goal_id
        and baselines.current_on = last_figures.as_of_date
        and baselines.baseline_on < baselines.current_on
    {{ customer_health.computed_once() }}

),

progressed as (

    select
        *,
        {{ customer_health.safe_divide('change', 'change_needed') }} as progress
    from compared
    {{ customer_health.computed_once() }}

)

select
    goal_id,
    goal,
    scope_kind,
    scope_value,
    metric,
    direction,
    horizon_days,
    baseline_on,
    current_on,
    elapsed_days,
    baseline_account_count,
    current_account_count,
    baseline_value,
    current_value,
    cast(change as decimal(28, 6)) as change,
    cast(baseline_value + change_needed as decimal(28, 6)) as target_value,
    cast(baseline_value + change_wanted as decimal(28, 6)) as ambitious_target_value,
    {{ customer_health.to_decimal('progress') }} as progress_share,
    case
        when progress is null then 'no data'
        when progress >= 1 then 'met'
        when progress <= 0 then 'not improving'
        when elapsed_days < horizon_days
            and progress >= {{ customer_health.safe_divide('elapsed_days', 'horizon_days') }} then 'on track'
        when horizon_days is null then 'improving'
        else 'behind'
    end as status
from progressed
