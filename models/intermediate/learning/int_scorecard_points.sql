-- Grain: one bin of a signal of the scorecard of a scope, and its points: the more, the more risk.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set double = customer_health.type_double() %}
{%- set points_per_log_odds = '(' ~ customer_health.double(customer_health.learning_settings().points_to_double)
    ~ ' / ln(' ~ customer_health.double(2) ~ '))' %}

with bins as (

    select
        bins.scope,
        bins.signal,
        bins.bin,
        bins.above_value,
        bins.up_to_value,
        bins.label_count,
        bins.event_count,
        bins.woe_e4,
        weights.entered_as,
        weights.gain,
        weights.weight_e6,
        {{ customer_health.rounded(
            'cast(weights.weight_e6 * bins.woe_e4 as ' ~ double ~ ') / 10000000000 * ' ~ points_per_log_odds
        ) }} as points
    from {{ ref('int_signal_bins') }} as bins
    inner join {{ ref('int_scorecard_second_weights') }} as weights
        on bins.scope = weights.scope
        and bins.signal = weights.signal
    {{ customer_health.computed_once() }}

)

select
    bins.*,
    -- The usual points of the signal, to tell what stands out.
    {{ customer_health.rounded(
        'cast(sum(points * label_count) over (partition by scope, signal) as ' ~ double
        ~ ') / cast(sum(label_count) over (partition by scope, signal) as ' ~ double ~ ')'
    ) }} as usual_points
from bins
