-- Grain: one bin of a signal, among all accounts and in each segment with a scorecard of its own.
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set settings = customer_health.learning_settings() %}
{%- set double = customer_health.type_double() %}
{%- set smoothing = customer_health.double(settings.smoothing) %}

with bins as (

    select
        bins.*,
        count(*) over (partition by scope, signal) as bin_count,
        sum(label_count) over (partition by scope, signal) as scope_count
    from {{ ref('int_signal_bins') }} as bins
    {{ customer_health.computed_once() }}

),

segments as (

    select distinct segment
    from {{ ref('outcome_labels') }}

),

-- Apart from the labels: DuckDB 2.0 can fail where a join by `in` follows another ("dict-surviving cache").
scopes_of_segments as (

    select
        segments.segment,
        scopes.scope
    from segments
    inner join {{ ref('int_scorecard_scopes') }} as scopes
        on scopes.scope in ('all', segments.segment)

),

current_accounts as (

    select
        scopes_of_segments.scope,
        labels.as_of_date,
        labels.account_id
    from {{ ref('outcome_labels') }} as labels
    inner join {{ ref('int_learning_dates') }} as dates
        on labels.as_of_date = dates.as_of_date
    inner join scopes_of_segments
        on labels.segment = scopes_of_segments.segment
    where dates.is_current

),

current_totals as (

    select
        scope,
        count(*) as current_total
    from current_accounts
    group by scope

),

-- Bin 0 also takes the accounts that have no row of the signal.
current_known as (

    select
        bins.scope,
        bins.signal,
        bins.bin,
        count(*) as current_count
    from current_accounts
    inner join {{ ref('int_learning_signals') }} as signals
        on current_accounts.as_of_date = signals.as_of_date
        and current_accounts.account_id = signals.account_id
    inner join bins
        on current_accounts.scope = bins.scope
        and signals.signal = bins.signal
        and {{ customer_health.is_in_bin('signals.value', 'bins') }}
    where bins.bin > 0
    group by bins.scope, bins.signal, bins.bin

),

known_totals as (

    select
        scope,
        signal,
        sum(current_count) as known_count
    from current_known
    group by scope, signal

),

counted as (

    select
        bins.*,
        current_totals.current_total,
        case
            when bins.bin = 0 then current_totals.current_total - coalesce(known_totals.known_count, 0)
            when current_totals.current_total is not null then coalesce(current_known.current_count, 0)
        end as current_count
    from bins
    left join current_totals
        on bins.scope = current_totals.scope
    left join current_known
        on bins.scope = current_known.scope
        and bins.signal = current_known.signal
        and bins.bin = current_known.bin
    left join known_totals
        on bins.scope = known_totals.scope
        and bins.signal = known_totals.signal
    {{ customer_health.computed_once() }}

),

shares as (

    select
        counted.*,
        (cast(current_count as {{ double }}) + {{ smoothing }})
        / (cast(current_total as {{ double }}) + {{ smoothing }} * bin_count) as current_share,
        (cast(label_count as {{ double }}) + {{ smoothing }})
        / (cast(scope_count as {{ double }}) + {{ smoothing }} * bin_count) as training_share
    from counted
    {{ customer_health.computed_once() }}

),

moved as (

    select
        shares.*,
        sum({{ customer_health.to_decimal('(current_share - training_share) * ln(current_share / training_share)') }})
            over (partition by scope, signal) as stability_index
    from shares
    {{ customer_health.computed_once() }}

)

select
    moved.scope as scorecard,
    moved.signal,
    cast(moved.bin as bigint) as bin,
    moved.above_value,
    moved.up_to_value,
    moved.label_count,
    case when moved.is_fitted then moved.event_count end as event_count,
    case
        when moved.is_fitted
            then {{ customer_health.to_decimal(
                    customer_health.safe_divide('moved.event_count', 'moved.label_count'), 9
                ) }}
    end as churn_rate,
    {{ customer_health.to_decimal('cast(moved.woe_e4 as ' ~ double ~ ') / 10000') }} as weight_of_evidence,
    {{ customer_health.to_decimal('moved.information') }} as information,
    cast(candidates.information_value as decimal(28, 6)) as information_value,
    case when candidates.information_value is not null then cast(candidates.place as bigint) end as information_rank,
    candidates.status,
    cast(weights.entered_as as bigint) as entered_as,
    cast(moved.current_count as bigint) as current_count,
    cast(moved.stability_index as decimal(28, 6)) as stability_index,
    case
        when moved.stability_index is null then null
        when moved.stability_index >= {{ settings.stability.unstable }} then 'unstable'
        when moved.stability_index >= {{ settings.stability.moved }} then 'moved'
        else 'stable'
    end as stability
from moved
inner join {{ ref('int_scorecard_candidates') }} as candidates
    on moved.scope = candidates.scope
    and moved.signal = candidates.signal
left join {{ ref('int_scorecard_second_weights') }} as weights
    on moved.scope = weights.scope
    and moved.signal = weights.signal
