-- Grain: one account on one date, in its scope and, in the training period, in that of all; and signal.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

with scopes as (

    select distinct scope
    from {{ ref('int_scorecard_second_weights') }}

),

segments as (

    select distinct segment
    from {{ ref('outcome_labels') }}

),

-- A segment without a scorecard of its own, or in which no signal tells anything, has that of all.
scopes_of_segments as (

    select
        segments.segment,
        scopes.scope,
        scopes.scope = coalesce(own.scope, 'all') as is_own_scope
    from segments
    left join scopes as own
        on segments.segment = own.scope
        and own.scope <> 'all'
    inner join scopes
        on scopes.scope in ('all', own.scope)

),

labels as (

    select
        labels.as_of_date,
        labels.account_id,
        labels.period,
        labels.is_churned,
        scopes_of_segments.scope,
        scopes_of_segments.is_own_scope
    from {{ ref('outcome_labels') }} as labels
    inner join scopes_of_segments
        on labels.segment = scopes_of_segments.segment
    where scopes_of_segments.is_own_scope
        or labels.period = 'train'

),

wanted as (

    select
        labels.*,
        weights.signal
    from labels
    inner join {{ ref('int_scorecard_second_weights') }} as weights
        on labels.scope = weights.scope

),

valued as (

    select
        wanted.*,
        signals.value
    from wanted
    left join {{ ref('int_learning_signals') }} as signals
        on wanted.as_of_date = signals.as_of_date
        and wanted.account_id = signals.account_id
        and wanted.signal = signals.signal

)

select
    valued.as_of_date,
    valued.account_id,
    valued.period,
    valued.is_churned,
    valued.scope,
    valued.is_own_scope,
    valued.signal,
    valued.value,
    points.bin,
    points.points,
    points.points - points.usual_points as unusual_points
from valued
inner join {{ ref('int_scorecard_points') }} as points
    on valued.scope = points.scope
    and valued.signal = points.signal
    and {{ customer_health.is_in_bin('valued.value', 'points') }}
