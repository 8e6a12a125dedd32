-- Grain: one bin of a signal in a scope: 0 for unknown values, then by value from the lowest on.
-- Counts and bounds come from the training period only.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set double = customer_health.type_double() %}
{%- set smoothing = customer_health.double(settings.smoothing) %}

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

),

values_seen as (

    select
        labels.scope,
        signals.signal,
        signals.value,
        count(*) as value_count,
        count(case when labels.is_churned then 1 end) as event_count
    from labels
    inner join {{ ref('int_learning_signals') }} as signals
        on labels.as_of_date = signals.as_of_date
        and labels.account_id = signals.account_id
    group by labels.scope, signals.signal, signals.value

),

running as (

    select
        scope,
        signal,
        value,
        value_count,
        event_count,
        sum(value_count) over (
            partition by scope, signal
            order by value
            rows between unbounded preceding and current row
        ) as up_to_count,
        sum(value_count) over (partition by scope, signal) as known_count,
        count(*) over (partition by scope, signal) as distinct_count
    from values_seen
    where value is not null
    {{ customer_health.computed_once() }}

),

-- A value that ends a bin: the first at or above a quantile; where there are few values, each of them.
bin_ends as (

    select
        running.*,
        case
            when distinct_count <= {{ settings.bin_quantiles | length + 1 }} then 1
            {%- for quantile in settings.bin_quantiles %}
            {%- set millionths = customer_health.in_millionths(quantile) %}
            when up_to_count * 1000000 >= known_count * {{ millionths }}
                and (up_to_count - value_count) * 1000000 < known_count * {{ millionths }} then 1
            {%- endfor %}
            else 0
        end as ends_bin
    from running
    {{ customer_health.computed_once() }}

),

numbered as (

    select
        scope,
        signal,
        value,
        value_count,
        event_count,
        1 + sum(ends_bin) over (
            partition by scope, signal
            order by value
            rows between unbounded preceding and current row
        ) - ends_bin as bin
    from bin_ends
    {{ customer_health.computed_once() }}

),

known_bins as (

    select
        scope,
        signal,
        cast(bin as integer) as bin,
        max(value) as highest_value,
        cast(sum(value_count) as bigint) as label_count,
        cast(sum(event_count) as bigint) as event_count
    from numbered
    group by scope, signal, cast(bin as integer)

),

bounded as (

    select
        scope,
        signal,
        bin,
        lag(highest_value) over (partition by scope, signal order by bin) as above_value,
        case when lead(bin) over (partition by scope, signal order by bin) is not null then highest_value end
            as up_to_value,
        label_count,
        event_count
    from known_bins

),

signals_seen as (

    select distinct
        scope,
        signal
    from values_seen

),

-- What has no row is as unknown as NULL.
unknown_bins as (

    select
        signals_seen.scope,
        signals_seen.signal,
        0 as bin,
        cast(null as {{ double }}) as above_value,
        cast(null as {{ double }}) as up_to_value,
        cast(max(scopes.label_count) - coalesce(sum(known_bins.label_count), 0) as bigint) as label_count,
        cast(max(scopes.event_count) - coalesce(sum(known_bins.event_count), 0) as bigint) as event_count
    from signals_seen
    inner join {{ ref('int_scorecard_scopes') }} as scopes
        on signals_seen.scope = scopes.scope
    left join known_bins
        on signals_seen.scope = known_bins.scope
        and signals_seen.signal = known_bins.signal
    group by signals_seen.scope, signals_seen.signal

),

bins as (

    select * from bounded

    union all

    select * from unknown_bins

),

-- The smoothing adds events and others in the proportion of the scope: an empty bin says nothing.
weighed as (

    select
        bins.*,
        scopes.is_fitted,
        scopes.event_count as scope_event_count,
        scopes.label_count - scopes.event_count as scope_other_count,
        case
            when scopes.is_fitted
                then cast(floor(
                    10000 * ln(
                        (cast(bins.event_count as {{ double }}) + {{ smoothing }})
                        * cast(scopes.label_count - scopes.event_count as {{ double }})
                        / (
                            cast(bins.label_count - bins.event_count as {{ double }})
                            * cast(scopes.event_count as {{ double }})
                            + {{ smoothing }} * cast(scopes.label_count - scopes.event_count as {{ double }})
                        )
                    ) + {{ customer_health.double('0.5') }}
                ) as bigint)
        end as woe_e4
    from bins
    inner join {{ ref('int_scorecard_scopes') }} as scopes
        on bins.scope = scopes.scope
    {{ customer_health.computed_once() }}

)

select
    scope,
    signal,
    bin,
    above_value,
    up_to_value,
    label_count,
    event_count,
    is_fitted,
    -- Ten-thousandths: whole numbers, whose sums are exact.
    woe_e4,
    case
        when is_fitted
            then (
                {{ customer_health.safe_divide('event_count', 'scope_event_count') }}
                - {{ customer_health.safe_divide('label_count - event_count', 'scope_other_count') }}
            ) * woe_e4 / 10000
    end as information
from weighed
