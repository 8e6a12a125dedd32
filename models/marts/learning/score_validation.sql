-- Grain: one score in one period: how well it told who would churn.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set settings = customer_health.learning_settings() %}
{%- set validation = customer_health.validation_settings() %}
{%- set alerts = customer_health.alert_settings() %}
{%- set double = customer_health.type_double() %}
{%- set top_share = customer_health.in_millionths(validation.top_share) %}
{%- set capacity_share = customer_health.in_millionths(settings.capacity_share) %}

with score_values as (

    select
        score_values.*,
        {{- customer_health.captured('top_part', validation.top_share) }},
        {{- customer_health.captured('capacity_part', settings.capacity_share) }}
    from {{ ref('int_learning_score_values') }} as score_values
    {{ customer_health.computed_once() }}

),

events as (

    select * from {{ ref('int_learning_score_events') }}

),

-- Twice the rank sum of the churned; equal values share their middle rank.
rank_sums as (

    select
        score_values.score,
        score_values.period,
        cast(sum(score_values.churned_count * (2 * ranks.smaller_count + ranks.label_count + 1)) as bigint)
            as double_rank_sum
    from score_values
    inner join {{ ref('int_learning_score_ranks') }} as ranks
        on score_values.score = ranks.score
        and score_values.period = ranks.period
        and score_values.risk = ranks.risk
    group by score_values.score, score_values.period

),

-- Every term is rounded before it is summed, so that the order does not matter.
terms as (

    select
        score_values.*,
        cast({{ customer_health.to_millionths('churned_count * top_part') }} as bigint) as top_churned,
        cast({{ customer_health.to_millionths('churned_count * capacity_part') }} as bigint) as capacity_churned,
        {{ customer_health.to_decimal('cast(churned_arr as ' ~ double ~ ') * capacity_part') }} as capacity_arr,
        cast({{ customer_health.to_millionths(
            '-ln(' ~ customer_health.safe_divide('limited_probability', '1000000') ~ ')'
        ) }} as bigint) as loss_of_churned,
        cast({{ customer_health.to_millionths(
            '-ln(' ~ customer_health.safe_divide('1000000 - limited_probability', '1000000') ~ ')'
        ) }} as bigint) as loss_of_others,
        -- Squares in thousand-millionths.
        cast(floor(cast((1000000 - probability) * (1000000 - probability) as {{ double }}) / 1000
            + {{ customer_health.double(0.5) }}) as bigint) as square_of_churned,
        cast(floor(cast(probability * probability as {{ double }}) / 1000
            + {{ customer_health.double(0.5) }}) as bigint) as square_of_others
    from (
        select
            score_values.*,
            -- The logarithm of 0 is none.
            case
                when probability < 1 then 1
                when probability > 999999 then 999999
                else probability
            end as limited_probability
        from score_values
    ) as score_values
    {{ customer_health.computed_once() }}

),

summed as (

    select
        score,
        period,
        sum(top_churned) as top_churned,
        sum(capacity_churned) as capacity_churned,
        sum(capacity_arr) as capacity_arr,
        sum(churned_arr) as churned_arr,
        sum(churned_count * loss_of_churned + (label_count - churned_count) * loss_of_others) as loss,
        sum(churned_count * square_of_churned + (label_count - churned_count) * square_of_others) as squares
    from terms
    group by score, period

),

calibration_errors as (

    select
        score,
        period,
        sum(abs(expected - 1000000 * churned_count)) as calibration_error
    from (
        select
            score_values.score,
            score_values.period,
            ranks.part,
            sum(score_values.probability * score_values.label_count) as expected,
            sum(score_values.churned_count) as churned_count
        from score_values
        inner join {{ ref('int_learning_score_ranks') }} as ranks
            on score_values.score = ranks.score
            and score_values.period = ranks.period
            and score_values.risk = ranks.risk
        group by score_values.score, score_values.period, ranks.part
    ) as parts
    group by score, period

),

-- Population stability: where the labels of a period fall among the parts of the training labels.
training_parts as (

    select
        parts.score,
        parts.part,
        parts.label_count,
        count(*) over (partition by parts.score) as part_count,
        sum(parts.label_count) over (partition by parts.score) as total_count
    from {{ ref('int_learning_score_parts') }} as parts

),

fallen as (

    select
        score,
        period,
        training_part,
        sum(label_count) as label_count
    from score_values
    group by score, period, training_part

),

part_shares as (

    select
        events.score,
        events.period,
        {%- set smoothing = customer_health.double(settings.smoothing) %}
        (training_parts.label_count + {{ smoothing }})
        / (training_parts.total_count + {{ smoothing }} * training_parts.part_count) as training_share,
        (coalesce(fallen.label_count, 0) + {{ smoothing }})
        / (events.label_count + {{ smoothing }} * training_parts.part_count) as period_share
    from events
    inner join training_parts
        on events.score = training_parts.score
    left join fallen
        on events.score = fallen.score
        and events.period = fallen.period
        and training_parts.part = fallen.training_part
    where events.period <> 'train'
    {{ customer_health.computed_once() }}

),

stabilities as (

    select
        score,
        period,
        sum({{ customer_health.to_decimal(
            '(period_share - training_share) * ln(period_share / training_share)', 9
        ) }}) as stability_index
    from part_shares
    group by score, period

),

-- The first alert within the horizon before a churn is the notice that it gave.
notices as (

    select
        churns.score,
        churns.period,
        churns.account_id,
        churns.churned_on,
        max({{ customer_health.days_between('alerts.opened_on', 'churns.churned_on') }}) as lead_days
    from (
        select distinct
            score,
            period,
            account_id,
            churned_on
        from {{ ref('int_learning_scores') }}
        where is_churned
    ) as churns
    inner join {{ ref('alert_history') }} as alerts
        on churns.account_id = alerts.account_id
        and churns.churned_on > alerts.opened_on
        and {{ customer_health.days_between('alerts.opened_on', 'churns.churned_on') }}
        <= {{ settings.horizon_days }}
    group by churns.score, churns.period, churns.account_id, churns.churned_on

),

notices_in_order as (

    select
        score,
        period,
        lead_days,
        row_number() over (partition by score, period order by lead_days) as place,
        count(*) over (partition by score, period) as foretold_count
    from notices

),

leads as (

    select
        score,
        period,
        max(foretold_count) as foretold_count,
        sum(case when 2 * place between foretold_count and foretold_count + 2 then lead_days else 0 end) as middle_sum,
        sum(case when 2 * place between foretold_count and foretold_count + 2 then 1 else 0 end) as middle_count,
        sum(case when lead_days >= {{ alerts.notice_days.short }} then 1 else 0 end) as short_notice_count,
        sum(case when lead_days >= {{ alerts.notice_days.long }} then 1 else 0 end) as long_notice_count
    from notices_in_order
    group by score, period

),

joined as (

    select
        events.score,
        events.period,
        events.status,
        events.label_count,
        events.churned_count,
        events.other_count,
        events.event_count,
        rank_sums.double_rank_sum,
        summed.top_churned,
        summed.capacity_churned,
        summed.capacity_arr,
        summed.churned_arr,
        summed.loss,
        summed.squares,
        calibration_errors.calibration_error,
        stabilities.stability_index,
        coalesce(leads.foretold_count, 0) as foretold_count,
        leads.middle_sum,
        leads.middle_count,
        leads.short_notice_count,
        leads.long_notice_count
    from events
    left join rank_sums
        on events.score = rank_sums.score
        and events.period = rank_sums.period
    left join summed
        on events.score = summed.score
        and events.period = summed.period
    left join calibration_errors
        on events.score = calibration_errors.score
        and events.period = calibration_errors.period
    left join stabilities
        on events.score = stabilities.score
        and events.period = stabilities.period
    left join leads
        on events.score = leads.score
        and events.period = leads.period
    {{ customer_health.computed_once() }}

)

{%- set measured = "case when status = 'measured' then {} end" %}
{%- set share = customer_health.safe_divide %}

select
    score,
    period,
    status,
    label_count,
    churned_count,
    event_count,
    {{ customer_health.to_decimal(measured.format(share('churned_count', 'label_count')), 9) }} as churn_share,
    {{ customer_health.to_decimal(measured.format(share(
        'double_rank_sum - churned_count * (churned_count + 1)', '2 * churned_count * other_count'
    )), 9) }} as auc,
    {{ customer_health.to_decimal(measured.format(share(
        'top_churned', top_share ~ ' * churned_count'
    ))) }} as top_lift,
    {{ customer_health.to_decimal(measured.format(share(
        'capacity_churned', capacity_share ~ ' * label_count'
    )), 9) }} as capacity_precision,
    {{ customer_health.to_decimal(measured.format(share(
        'capacity_churned', '1000000 * churned_count'
    )), 9) }} as capacity_recall,
    {{ customer_health.to_decimal(measured.format(share('capacity_arr', 'churned_arr')), 9) }} as capacity_arr_recall,
    {{ customer_health.to_decimal(measured.format(share('squares', '1000000000 * label_count')), 9) }} as brier_score,
    {{ customer_health.to_decimal(measured.format(share('loss', '1000000 * label_count')), 9) }} as log_loss,
    {{ customer_health.to_decimal(measured.format(share(
        'calibration_error', '1000000 * label_count'
    )), 9) }} as expected_calibration_error,
    cast({{ measured.format('foretold_count') }} as bigint) as foretold_count,
    {{ customer_health.to_decimal(measured.format(share('foretold_count', 'event_count')), 9) }} as foretold_share,
    {{ customer_health.to_decimal(measured.format(share('middle_sum', 'middle_count'))) }} as median_lead_days,
    {{ customer_health.to_decimal(measured.format(share(
        'short_notice_count', 'foretold_count'
    )), 9) }} as short_notice_share,
    {{ customer_health.to_decimal(measured.format(share(
        'long_notice_count', 'foretold_count'
    )), 9) }} as long_notice_share,
    cast(stability_index as decimal(9, 6)) as stability_index,
    case
        when stability_index >= {{ settings.stability.unstable }} then 'unstable'
        when stability_index >= {{ settings.stability.moved }} then 'moved'
        when stability_index is not null then 'stable'
    end as stability
from joined
