-- Grain: one account: the row to read before a talk about it.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set brief = customer_health.brief_settings() %}
{%- set policy = customer_health.active_policy() %}
{%- set places = range(1, 4) %}
{%- set text = customer_health.type_text() %}

with accounts as (

    select * from {{ ref('account_health') }}

),

segments as (

    select * from {{ ref('account_segments') }}

),

trajectories as (

    select * from {{ ref('account_trajectory') }}

),

next_bands as (

    select
        account_id,
        max(next_band) as next_band,
        max(points_needed) as points_needed,
        case when max(case when is_smallest then 1 end) = 1 then 'reachable' else 'not by one metric' end as status,
        max(case when is_smallest then metric end) as metric,
        max(case when is_smallest then current_value end) as current_value,
        max(case when is_smallest then required_value end) as required_value,
        max(case when is_smallest then change end) as change
    from {{ ref('account_next_band') }}
    group by account_id

),

renewals as (

    select * from {{ ref('renewal_by_band') }}

),

peers as (

    select
        segments.segment,
        count(accounts.health_score) as peer_count,
        {{ customer_health.exact_median(customer_health.double('accounts.health_score')) }} as median_score
    from accounts
    inner join segments
        on accounts.account_id = segments.account_id
    group by segments.segment

),

ranked_metrics as (

    select
        account_id,
        metric,
        points,
        points_lost,
        row_number() over (
            partition by account_id
            order by points_lost desc, {{ customer_health.byte_order('metric') }} asc
        ) as loss_rank,
        case when scaled_value >= {{ brief.positive_share }} then 1 end as is_positive,
        row_number() over (
            partition by account_id
            order by
                case when scaled_value >= {{ brief.positive_share }} then 0 else 1 end asc,
                points desc,
                {{ customer_health.byte_order('metric') }} asc
        ) as gain_rank
    from {{ ref('int_account_metric_gaps') }}
    {{ customer_health.computed_once() }}

),

metrics as (

    select
        account_id
        {%- for place in places %},
        max(case when loss_rank = {{ place }} and points_lost > 0 then metric end) as risk_driver_{{ place }},
        max(case when loss_rank = {{ place }} and points_lost > 0 then points_lost end)
            as risk_driver_{{ place }}_points_lost
        {%- endfor %}
        {%- for place in places %},
        max(case when gain_rank = {{ place }} and is_positive = 1 then metric end) as positive_signal_{{ place }},
        max(case when gain_rank = {{ place }} and is_positive = 1 then points end) as positive_signal_{{ place }}_points
        {%- endfor %}
    from ranked_metrics
    group by account_id

),

-- Alerts of customers stand with their accounts.
ranked_alerts as (

    select
        account_id,
        severity,
        driving_signals,
        row_number() over (
            partition by account_id
            order by rank
        ) as place
    from {{ ref('account_alerts') }}
    where account_id is not null

),

alerts as (

    select
        account_id,
        count(*) as open_alert_count,
        count(case when severity = 'critical' then 1 end) as critical_alert_count
        {%- for place in places %},
        max(case when place = {{ place }} then driving_signals end) as top_alert_{{ place }}
        {%- endfor %}
    from ranked_alerts
    group by account_id

),

scenarios as (

    select
        entity_id as account_id
        {%- for place in places %},
        max(case when match_rank = {{ place }} then scenario end) as save_scenario_{{ place }}
        {%- endfor %}
    from {{ ref('save_scenario_matches') }}
    where entity_type = 'account'
    group by entity_id

),

ranked_steps as (

    select
        account_id,
        action,
        due_on,
        owner_role,
        row_number() over (
            partition by account_id
            order by due_on, entity_type, {{ customer_health.byte_order('entity_id') }}, position
        ) as place
    from {{ ref('account_action_plans') }}
    where account_id is not null

),

steps as (

    select
        account_id,
        count(*) as plan_action_count
        {%- for place in places %},
        max(case when place = {{ place }} then action end) as plan_step_{{ place }},
        max(case when place = {{ place }} then owner_role end) as plan_step_{{ place }}_owner_role,
        max(case when place = {{ place }} then due_on end) as plan_step_{{ place }}_due_on
        {%- endfor %}
    from ranked_steps
    group by account_id

),

joined as (

    select
        accounts.*,
        segments.segment,
        trajectories.trajectory_state,
        trajectories.change_7d,
        trajectories.change_30d,
        trajectories.change_90d,
        trajectories.slope_per_week,
        trajectories.turning_point_on,
        case
            when peers.peer_count >= {{ customer_health.plan_settings().min_peers }}
                then {{ customer_health.to_decimal('peers.median_score', 9) }}
        end as peer_median_score,
        peers.peer_count,
        case
            when trajectories.trajectory_state <> 'insufficient_history'
                then
                    {{ customer_health.double('accounts.health_score') }}
                    + {{ customer_health.double('trajectories.slope_per_week') }} * {{ brief.projection_days }} / 7
        end as carried_on
    from accounts
    left join segments
        on accounts.account_id = segments.account_id
    left join peers
        on segments.segment = peers.segment
    left join trajectories
        on accounts.account_id = trajectories.account_id
    {{ customer_health.computed_once() }}

),

bounded as (

    select
        *,
        case
            when carried_on < 0 then {{ customer_health.double(0) }}
            when carried_on > 100 then {{ customer_health.double(100) }}
            else carried_on
        end as bounded_score
    from joined
    {{ customer_health.computed_once() }}

),

projected as (

    select
        *,
        {{ customer_health.to_decimal('bounded_score', 9) }} as projected_score,
        -- A plan that brings the account to the median of its peers takes nothing from one above it.
        case
            when health_score is null then cast(null as decimal(9, 6))
            when peer_median_score > health_score then peer_median_score
            when peer_median_score is not null then health_score
        end as plan_score
    from bounded
    {{ customer_health.computed_once() }}

),

banded as (

    select
        *,
        {{ customer_health.ladder('projected_score', policy.bands, 'band') | indent(8) }} as projected_band,
        {{ customer_health.ladder('plan_score', policy.bands, 'band') | indent(8) }} as plan_band
    from projected
    {{ customer_health.computed_once() }}

)

select
    banded.as_of_date,
    banded.account_id,
    banded.account_name,
    banded.owner_id,
    banded.industry,
    banded.account_size_segment,
    banded.segment,
    banded.contribution_tier,
    banded.predicted_6m_revenue,
    banded.health_score,
    banded.health_band,
    banded.score_coverage,
    case
        when banded.health_score is null then 'unscored'
        when banded.score_coverage >= {{ brief.confidence.high_at_least }} then 'high'
        when banded.score_coverage >= {{ brief.confidence.medium_at_least }} then 'medium'
        else 'low'
    end as score_confidence
    {%- for place in places %},
    metrics.risk_driver_{{ place }},
    metrics.risk_driver_{{ place }}_points_lost
    {%- endfor %}
    {%- for place in places %},
    metrics.positive_signal_{{ place }},
    metrics.positive_signal_{{ place }}_points
    {%- endfor %},
    coalesce(alerts.open_alert_count, 0) as open_alert_count,
    coalesce(alerts.critical_alert_count, 0) as critical_alert_count
    {%- for place in places %},
    alerts.top_alert_{{ place }}
    {%- endfor %},
    coalesce(banded.trajectory_state, 'insufficient_history') as trajectory_state,
    banded.change_7d,
    banded.change_30d,
    banded.change_90d,
    banded.slope_per_week,
    banded.turning_point_on
    {%- for place in places %},
    scenarios.save_scenario_{{ place }}
    {%- endfor %},
    coalesce(steps.plan_action_count, 0) as plan_action_count
    {%- for place in places %},
    steps.plan_step_{{ place }},
    steps.plan_step_{{ place }}_owner_role,
    steps.plan_step_{{ place }}_due_on
    {%- endfor %},
    next_bands.next_band,
    next_bands.points_needed as next_band_points_needed,
    next_bands.status as next_band_status,
    next_bands.metric as next_band_metric,
    next_bands.current_value as next_band_current_value,
    next_bands.required_value as next_band_required_value,
    next_bands.change as next_band_change,
    {{ customer_health.add_days(customer_health.as_of_date(), brief.projection_days) }} as projected_on,
    banded.projected_score,
    banded.projected_band,
    cast(coalesce(banded.peer_count, 0) as bigint) as peer_count,
    banded.peer_median_score,
    banded.plan_score,
    banded.plan_band,
    trend_renewals.renewal_share as renewal_probability_if_trend,
    case
        when banded.projected_score is null then 'no trajectory'
        else trend_renewals.status
    end as renewal_status_if_trend,
    plan_renewals.renewal_share as renewal_probability_if_plan,
    case
        when banded.plan_score is null then 'no peers'
        else plan_renewals.status
    end as renewal_status_if_plan
from banded
left join metrics
    on banded.account_id = metrics.account_id
left join alerts
    on banded.account_id = alerts.account_id
left join scenarios
    on banded.account_id = scenarios.account_id
left join steps
    on banded.account_id = steps.account_id
left join next_bands
    on banded.account_id = next_bands.account_id
left join renewals as trend_renewals
    on banded.projected_band = trend_renewals.health_band
    and banded.projected_score is not null
left join renewals as plan_renewals
    on banded.plan_band = plan_renewals.health_band
    and banded.plan_score is not null
