-- Grain: one label of the training period in a scope, and candidate signal: its bin and weight of evidence.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

with labels as (

    select
        scopes.scope,
        labels.as_of_date,
        labels.account_id,
        labels.is_churned
    from {{ ref('outcome_labels') }} as labels
    inner join {{ ref('int_scorecard_scopes') }} as scopes
        on scopes.scope in ('all', labels.segment)
    where labels.period = 'train'
        and scopes.is_fitted

),

wanted as (

    select
        labels.*,
        candidates.signal
    from labels
    inner join {{ ref('int_scorecard_candidates') }} as candidates
        on labels.scope = candidates.scope
    where candidates.is_candidate

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
    valued.scope,
    valued.as_of_date,
    valued.account_id,
    valued.is_churned,
    valued.signal,
    bins.bin,
    bins.woe_e4
from valued
inner join {{ ref('int_signal_bins') }} as bins
    on valued.scope = bins.scope
    and valued.signal = bins.signal
    and {{ customer_health.is_in_bin('valued.value', 'bins') }}
