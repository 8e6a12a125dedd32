{# The fit of the scorecard, in steps that each engine computes alike: whole numbers are summed, never doubles. #}

{# Whether a value lies in a bin of int_signal_bins; bin 0 is that of unknown values. #}
{% macro is_in_bin(value, bins) %}
    {{- return(
        'case when ' ~ value ~ ' is null then ' ~ bins ~ '.bin = 0 else ' ~ bins ~ '.bin > 0 and ('
        ~ bins ~ '.above_value is null or ' ~ value ~ ' > ' ~ bins ~ '.above_value) and ('
        ~ bins ~ '.up_to_value is null or ' ~ value ~ ' <= ' ~ bins ~ '.up_to_value) end'
    ) -}}
{% endmacro %}

{# A double rounded half up to a whole number, as bigint. #}
{% macro rounded(expression) %}
    {{- return('cast(floor(' ~ expression ~ ' + ' ~ customer_health.double('0.5') ~ ') as bigint)') -}}
{% endmacro %}

{# The probability that log odds stand for; they are held within -30 and 30. #}
{% macro probability(log_odds) %}
    {%- set thirty = customer_health.double(30) -%}
    {{- return(
        '(' ~ customer_health.double(1) ~ ' / (1 + exp(-(case when ' ~ log_odds ~ ' > 30 then ' ~ thirty ~ ' when '
        ~ log_odds ~ ' < -30 then -' ~ thirty ~ ' else ' ~ log_odds ~ ' end))))'
    ) -}}
{% endmacro %}

{#
    CTEs after a CTE `grouped` (scope, score: a double, label_count, event_count) that end with `calibrated`:
    scope, intercept and slope of the log odds on the score, by newton_steps steps of Newton from the base
    rate. The sums are of terms rounded to millionths, so that their order does not matter.
#}
{% macro newton_steps() %}
{%- set double = customer_health.type_double() -%}
{%- set term = customer_health.to_decimal -%}
newton_0 as (

    select
        scope,
        ln(
            cast(sum(event_count) as {{ double }}) / cast(sum(label_count - event_count) as {{ double }})
        ) as intercept,
        {{ customer_health.double(0) }} as slope
    from grouped
    group by scope
    having sum(event_count) > 0 and sum(label_count) > sum(event_count)

),
{%- for step in range(1, customer_health.learning_settings().newton_steps | int + 1) %}

newton_{{ step }}_odds as (

    select
        grouped.scope,
        grouped.score,
        cast(grouped.label_count as {{ double }}) as label_count,
        cast(grouped.event_count as {{ double }}) as event_count,
        newton_{{ step - 1 }}.intercept,
        newton_{{ step - 1 }}.slope,
        {{ customer_health.probability(
            '(newton_' ~ (step - 1) ~ '.intercept + newton_' ~ (step - 1) ~ '.slope * grouped.score)'
        ) }} as probability
    from grouped
    inner join newton_{{ step - 1 }}
        on grouped.scope = newton_{{ step - 1 }}.scope
    {{ customer_health.computed_once() }}

),

newton_{{ step }}_sums as (

    select
        scope,
        max(intercept) as intercept,
        max(slope) as slope,
        cast(sum({{ term('(event_count - label_count * probability)') }}) as {{ double }}) as gradient_0,
        cast(sum({{ term('(event_count - label_count * probability) * score') }}) as {{ double }}) as gradient_1,
        cast(sum({{ term('label_count * probability * (1 - probability)') }}) as {{ double }}) as hessian_00,
        cast(sum({{ term('label_count * probability * (1 - probability) * score') }}) as {{ double }}) as hessian_01,
        -- A little more than measured, so that a constant score has the slope 0.
        cast(sum({{ term('label_count * probability * (1 - probability) * score * score') }}) as {{ double }})
        + {{ customer_health.double('0.001') }} as hessian_11
    from newton_{{ step }}_odds
    group by scope
    {{ customer_health.computed_once() }}

),

-- A step from a rate next to 0 or 1 has no ground to stand on: it stays.
newton_{{ step }} as (

    select
        scope,
        case
            when hessian_00 * hessian_11 - hessian_01 * hessian_01 > {{ customer_health.double('0.000001') }}
                then intercept + (hessian_11 * gradient_0 - hessian_01 * gradient_1)
                / (hessian_00 * hessian_11 - hessian_01 * hessian_01)
            else intercept
        end as intercept,
        case
            when hessian_00 * hessian_11 - hessian_01 * hessian_01 > {{ customer_health.double('0.000001') }}
                then slope + (hessian_00 * gradient_1 - hessian_01 * gradient_0)
                / (hessian_00 * hessian_11 - hessian_01 * hessian_01)
            else slope
        end as slope
    from newton_{{ step }}_sums
    {{ customer_health.computed_once() }}

),
{%- endfor %}

calibrated as (

    select
        scope,
        cast({{ customer_health.to_decimal('intercept') }} as {{ double }}) as intercept,
        cast({{ customer_health.to_decimal('slope') }} as {{ double }}) as slope
    from newton_{{ customer_health.learning_settings().newton_steps | int }}

)
{%- endmacro %}

{#
    A whole SELECT: what each score weighs in the next round of least squares, from a CTE `scored` (scope,
    as_of_date, account_id, is_churned, score_e4: whole ten-thousandths). variance_e6 is p (1 - p);
    target_e6 of an event and of another is variance x log odds + outcome - p.
#}
{% macro scorecard_round(scored) %}
{%- set double = customer_health.type_double() -%}
{%- set most = customer_health.double(7) -%}
grouped as (

    select
        scope,
        score_e4,
        cast(score_e4 as {{ double }}) / 10000 as score,
        count(*) as label_count,
        count(case when is_churned then 1 end) as event_count
    from {{ scored }}
    group by scope, score_e4

),

{{ customer_health.newton_steps() }},

log_odds as (

    select
        grouped.scope,
        grouped.score_e4,
        grouped.label_count,
        grouped.event_count,
        case
            when calibrated.intercept + calibrated.slope * grouped.score > 7 then {{ most }}
            when calibrated.intercept + calibrated.slope * grouped.score < -7 then -{{ most }}
            else calibrated.intercept + calibrated.slope * grouped.score
        end as log_odds
    from grouped
    inner join calibrated
        on grouped.scope = calibrated.scope
    {{ customer_health.computed_once() }}

),

probabilities as (

    select
        log_odds.*,
        {{ customer_health.probability('log_odds') }} as probability
    from log_odds
    {{ customer_health.computed_once() }}

)

select
    scope,
    score_e4,
    label_count,
    event_count,
    {{ customer_health.rounded('1000000 * probability * (1 - probability)') }} as variance_e6,
    {{ customer_health.rounded('1000000 * (probability * (1 - probability) * log_odds + 1 - probability)') }}
        as event_target_e6,
    {{ customer_health.rounded('1000000 * (probability * (1 - probability) * log_odds - probability)') }}
        as other_target_e6
from probabilities
{%- endmacro %}

{#
    A whole SELECT: the sums of the weighted least squares per pair of bins (of each signal with itself and
    with those that follow), from the rows, the scores and the round.
#}
{% macro scorecard_moments(scores, round) %}
with weighed as (

    select
        training.scope,
        training.as_of_date,
        training.account_id,
        training.signal,
        training.bin,
        weights.variance_e6,
        case when training.is_churned then weights.event_target_e6 else weights.other_target_e6 end as target_e6
    from {{ ref('int_scorecard_training') }} as training
    inner join {{ ref(scores) }} as scores
        on training.scope = scores.scope
        and training.as_of_date = scores.as_of_date
        and training.account_id = scores.account_id
    inner join {{ ref(round) }} as weights
        on scores.scope = weights.scope
        and scores.score_e4 = weights.score_e4

)

select
    one.scope,
    one.signal,
    one.bin,
    other.signal as other_signal,
    other.bin as other_bin,
    cast(sum(one.variance_e6) as bigint) as variance_e6,
    cast(sum(one.target_e6) as bigint) as target_e6
from weighed as one
inner join {{ ref('int_scorecard_training') }} as other
    on one.scope = other.scope
    and one.as_of_date = other.as_of_date
    and one.account_id = other.account_id
    and one.signal <= other.signal
group by one.scope, one.signal, one.bin, other.signal, other.bin
{%- endmacro %}

{#
    A whole SELECT: the signals that enter the scorecard and their weights. The matrix holds the variances
    and covariances of the weights of evidence and, under the empty name, of the target. Each step sweeps it
    by the signal that explains most of what is left (Beaton's sweep operator), so that the column of the
    target then holds the weights, and its corner what is left.
#}
{% macro scorecard_sweep(moments, round) %}
{%- set settings = customer_health.learning_settings() -%}
{%- set double = customer_health.type_double() -%}
{%- set whole = customer_health.type_whole_number() -%}
{%- set text = customer_health.type_text() -%}
with woes as (

    select
        scope,
        signal,
        bin,
        cast(woe_e4 as {{ whole }}) as woe_e4
    from {{ ref('int_signal_bins') }}
    where is_fitted

),

totals as (

    select
        scope,
        cast(sum(cast(label_count as {{ whole }}) * variance_e6) as {{ double }}) as variance_sum,
        cast(sum(
            cast(event_count as {{ whole }}) * event_target_e6
            + cast(label_count - event_count as {{ whole }}) * other_target_e6
        ) as {{ double }}) as target_sum,
        -- The squares of the targets over their variances, rounded to millionths.
        cast(sum(
            cast(event_count as {{ whole }}) * {{ customer_health.rounded(
                'cast(event_target_e6 as ' ~ double ~ ') * event_target_e6 / variance_e6'
            ) }}
            + cast(label_count - event_count as {{ whole }}) * {{ customer_health.rounded(
                'cast(other_target_e6 as ' ~ double ~ ') * other_target_e6 / variance_e6'
            ) }}
        ) as {{ double }}) as square_sum
    from {{ ref(round) }}
    group by scope

),

products as (

    select
        moments.scope,
        moments.signal,
        moments.other_signal,
        cast(sum(moments.variance_e6 * one.woe_e4 * other.woe_e4) as {{ double }}) / 100000000 as product_sum,
        cast(sum(moments.variance_e6 * one.woe_e4) as {{ double }}) / 10000 as woe_sum,
        cast(sum(moments.target_e6 * one.woe_e4) as {{ double }}) / 10000 as target_product_sum
    from {{ ref(moments) }} as moments
    inner join woes as one
        on moments.scope = one.scope
        and moments.signal = one.signal
        and moments.bin = one.bin
    inner join woes as other
        on moments.scope = other.scope
        and moments.other_signal = other.signal
        and moments.other_bin = other.bin
    group by moments.scope, moments.signal, moments.other_signal

),

means as (

    select
        products.scope,
        products.signal,
        products.woe_sum / totals.variance_sum as woe_mean,
        products.target_product_sum / totals.variance_sum
        - products.woe_sum / totals.variance_sum * (totals.target_sum / totals.variance_sum) as target_covariance
    from products
    inner join totals
        on products.scope = totals.scope
    where products.signal = products.other_signal
    {{ customer_health.computed_once() }}

),

covariances as (

    select
        products.scope,
        products.signal,
        products.other_signal,
        (products.product_sum / totals.variance_sum - one.woe_mean * other.woe_mean)
        * case
            when products.signal = products.other_signal then {{ customer_health.double(1 + settings.ridge) }}
            else {{ customer_health.double(1) }}
        end as entry
    from products
    inner join totals
        on products.scope = totals.scope
    inner join means as one
        on products.scope = one.scope
        and products.signal = one.signal
    inner join means as other
        on products.scope = other.scope
        and products.other_signal = other.signal
    {{ customer_health.computed_once() }}

),

matrix as (

    select
        scope,
        signal,
        other_signal,
        entry
    from covariances

    union all

    select
        scope,
        other_signal as signal,
        signal as other_signal,
        entry
    from covariances
    where signal <> other_signal

    union all

    select
        scope,
        signal,
        cast('' as {{ text }}) as other_signal,
        target_covariance as entry
    from means

    union all

    select
        scope,
        cast('' as {{ text }}) as signal,
        signal as other_signal,
        target_covariance as entry
    from means

    union all

    select
        scope,
        cast('' as {{ text }}) as signal,
        cast('' as {{ text }}) as other_signal,
        square_sum / variance_sum
        - target_sum / variance_sum * (target_sum / variance_sum) as entry
    from totals

),

swept_0 as (

    select
        matrix.*,
        max(case when signal = other_signal then entry end) over (partition by scope, signal) as own_variance,
        cast(null as integer) as entered_as,
        cast(null as {{ double }}) as gain
    from matrix
    {{ customer_health.computed_once() }}

),
{%- for step in range(1, settings.max_signals | int + 1) %}

explained_{{ step }} as (

    select
        swept_{{ step - 1 }}.*,
        max(case when other_signal = '' then entry end) over (partition by scope, signal) as with_target,
        max(case when other_signal = signal then entry end) over (partition by scope, signal) as with_itself,
        max(case when other_signal = '' and signal = '' then entry end) over (partition by scope) as left_over
    from swept_{{ step - 1 }}
    {{ customer_health.computed_once() }}

),

gains_{{ step }} as (

    select
        explained_{{ step }}.*,
        case
            when signal <> '' and entered_as is null and with_target > 0 and left_over > 0
                and with_itself > own_variance * {{ customer_health.double(settings.min_own_variance) }}
                and with_target * with_target / with_itself
                >= left_over * {{ customer_health.double([settings.min_gain, 0.000001] | max) }}
                then {{ customer_health.rounded('1000000000 * with_target * with_target / with_itself / left_over') }}
        end as gain_e9
    from explained_{{ step }}
    {{ customer_health.computed_once() }}

),

chosen_{{ step }} as (

    select
        gains_{{ step }}.*,
        first_value(case when gain_e9 is not null then signal end) over (
            partition by scope
            order by gain_e9 desc nulls last, {{ customer_health.byte_order('signal') }}
            rows between unbounded preceding and unbounded following
        ) as entrant
    from gains_{{ step }}
    {{ customer_health.computed_once() }}

),

crossed_{{ step }} as (

    select
        chosen_{{ step }}.*,
        max(case when other_signal = entrant then entry end) over (partition by scope, signal) as with_entrant,
        max(case when signal = entrant then entry end) over (partition by scope, other_signal) as of_entrant,
        max(case when signal = entrant and other_signal = entrant then entry end) over (partition by scope) as corner
    from chosen_{{ step }}
    {{ customer_health.computed_once() }}

),

swept_{{ step }} as (

    select
        scope,
        signal,
        other_signal,
        case
            when entrant is null then entry
            when signal = entrant and other_signal = entrant then 1 / corner
            when signal = entrant then entry / corner
            when other_signal = entrant then -entry / corner
            else entry - with_entrant * of_entrant / corner
        end as entry,
        own_variance,
        case when signal = entrant then {{ step }} else entered_as end as entered_as,
        case when signal = entrant then cast(gain_e9 as {{ double }}) / 1000000000 else gain end as gain
    from crossed_{{ step }}
    {{ customer_health.computed_once() }}

),
{%- endfor %}

entered as (

    select
        scope,
        signal,
        entered_as,
        gain,
        own_variance,
        -- A signal that would speak against what its own bins show counts for nothing.
        case when entry > 0 then {{ customer_health.rounded('1000000 * entry') }} else 0 end as weight_e6
    from swept_{{ settings.max_signals | int }}
    where signal <> ''
        and other_signal = ''
        and entered_as is not null

)

select
    scope,
    signal,
    entered_as,
    gain,
    own_variance / {{ customer_health.double(1 + settings.ridge) }} as own_variance,
    weight_e6
from entered
{%- endmacro %}

{# A whole SELECT: the score of each label of the training period under the weights of a round. #}
{% macro scorecard_scores(weights) %}
{%- set whole = customer_health.type_whole_number() -%}
select
    training.scope,
    training.as_of_date,
    training.account_id,
    training.is_churned,
    cast({{ customer_health.whole_division(
        'sum(cast(coalesce(weights.weight_e6, 0) as ' ~ whole ~ ') * training.woe_e4)', 1000000
    ) }} as bigint) as score_e4
from {{ ref('int_scorecard_training') }} as training
left join {{ ref(weights) }} as weights
    on training.scope = weights.scope
    and training.signal = weights.signal
group by training.scope, training.as_of_date, training.account_id, training.is_churned
{%- endmacro %}
