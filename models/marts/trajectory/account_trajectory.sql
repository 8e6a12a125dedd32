-- Grain: one account of the newest slice, or of an earlier one within the window (vanished since).
-- Whole numbers throughout: scores in millionths of a point, time in days before the account's last slice.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('trajectory')) }}

{%- set settings = customer_health.trajectory_settings() %}
{%- set dead_band = customer_health.in_millionths(settings.dead_band) %}
{%- set acceleration = customer_health.in_millionths(settings.acceleration) %}
{%- set tolerance = customer_health.in_millionths(settings.turning_tolerance) %}
{%- set points = customer_health.points_from_millionths %}

with history as (

    select
        account_id,
        as_of_date,
        health_score,
        health_band,
        policy,
        policy_version
    from {{ ref('account_health_history') }}

),

newest as (

    select max(as_of_date) as newest_on from history

),

last_dates as (

    select
        history.account_id,
        max(history.as_of_date) as last_slice_on,
        max(newest.newest_on) as newest_on
    from history
    cross join newest
    where {{ customer_health.days_between('history.as_of_date', 'newest.newest_on') }} <= {{ settings.window_days }}
    group by history.account_id

),

last_slices as (

    select
        last_dates.account_id,
        last_dates.last_slice_on,
        last_dates.newest_on,
        history.health_score,
        cast(history.health_score * cast(1000000 as decimal(7, 0)) as bigint) as score_now,
        history.health_band,
        history.policy,
        history.policy_version
    from last_dates
    inner join history
        on last_dates.account_id = history.account_id
        and last_dates.last_slice_on = history.as_of_date

),

dated as (

    select
        history.account_id,
        {{ customer_health.days_between('history.as_of_date', 'last_slices.last_slice_on') }} as days_before,
        {%- if settings.across_policies %}
        cast(history.health_score * cast(1000000 as decimal(7, 0)) as bigint) as score,
        {%- else %}
        case
            when history.policy = last_slices.policy and history.policy_version = last_slices.policy_version
                then cast(history.health_score * cast(1000000 as decimal(7, 0)) as bigint)
        end as score,
        {%- endif %}
        last_slices.score_now
    from history
    inner join last_slices
        on history.account_id = last_slices.account_id
    {{ customer_health.computed_once() }}

),

-- What cannot be compared has no score but is a slice all the same: it closes a gap.
slices as (

    select
        account_id,
        days_before,
        score,
        score_now,
        days_before <= {{ settings.window_days }} as is_in_window,
        days_before - lag(days_before) over (partition by account_id order by days_before) as gap_days
    from dated
    where days_before <= {{ settings.look_back_days }}
    {{ customer_health.computed_once() }}

),

-- Values and days are packed into one number, so that one aggregate finds the value with the day.
measured as (

    select
        account_id,
        max(score_now) as score_now,
        count(case when is_in_window then 1 end) as slice_count,
        max(case when is_in_window then days_before end) as first_slice_days,
        max(case when is_in_window then gap_days end) as longest_gap_days,
        max(case when is_in_window and score is not null then days_before end) as first_score_days,
        min(case when is_in_window and score is not null then days_before end) as last_score_days,
        max(case when is_in_window then days_before * 1000000000 + score end) % 1000000000 as first_score,
        max(case when is_in_window then score end) as highest_score,
        max(case when is_in_window then score * 10000 + 9999 - days_before end) as highest,
        min(case when is_in_window then score end) as lowest_score,
        min(case when is_in_window then score * 10000 + days_before end) as lowest,
        {%- for days in customer_health.change_days() %}
        min(
            case
                when score is not null and days_before >= {{ days }}
                    and days_before <= {{ days + settings.change_tolerance_days | int }}
                    then days_before * 1000000000 + score
            end
        ) as before_{{ days }}d,
        {%- endfor %}
        count(case when is_in_window and score > score_now + {{ dead_band }} then 1 end) as above_count,
        min(case when is_in_window and score > score_now + {{ dead_band }} then days_before end) as above_days,
        count(case when is_in_window and score < score_now - {{ dead_band }} then 1 end) as below_count,
        min(case when is_in_window and score < score_now - {{ dead_band }} then days_before end) as below_days,
        {{- customer_health.slope_sums(
            'trend', 'is_in_window and score is not null', 'days_before', 'score'
        ) }}
    from slices
    group by account_id

),

-- The last leg begins where the score last stood more than a dead band away from what it is now. A single
-- such slice is an outlier, unless the window begins with it.
confirmed as (

    select
        *,
        case
            when above_count >= {{ settings.confirming_slices }} or first_score > score_now + {{ dead_band }}
                then above_days
        end as fell_from_days,
        case
            when below_count >= {{ settings.confirming_slices }} or first_score < score_now - {{ dead_band }}
                then below_days
        end as rose_from_days
    from measured
    {{ customer_health.computed_once() }}

),

directed as (

    select
        *,
        case
            when score_now is null or trend_count < {{ settings.min_slices }}
                or first_score_days - last_score_days < {{ settings.min_span_days }}
                then 'unknown'
            when fell_from_days is null and rose_from_days is null then 'level'
            when rose_from_days is null or fell_from_days < rose_from_days then 'down'
            else 'up'
        end as direction
    from confirmed
    {{ customer_health.computed_once() }}

),

-- The halves of the time from the first score to the last; what lies in the middle belongs to both.
halved as (

    select
        slices.account_id,
        {{- customer_health.slope_sums(
            'older', '2 * slices.days_before >= directed.first_score_days + directed.last_score_days',
            'slices.days_before', 'slices.score'
        ) }},
        {{- customer_health.slope_sums(
            'recent', '2 * slices.days_before <= directed.first_score_days + directed.last_score_days',
            'slices.days_before', 'slices.score'
        ) }},
        -- The extreme of the last leg: the highest before a fall, the lowest before a rise.
        max(
            case
                when directed.direction = 'down'
                    and slices.days_before < coalesce(directed.rose_from_days, {{ settings.window_days + 1 }})
                    then slices.score * 10000 + 9999 - slices.days_before
            end
        ) as peak,
        min(
            case
                when directed.direction = 'up'
                    and slices.days_before < coalesce(directed.fell_from_days, {{ settings.window_days + 1 }})
                    then slices.score * 10000 + slices.days_before
            end
        ) as trough
    from slices
    inner join directed
        on slices.account_id = directed.account_id
    where slices.is_in_window and slices.score is not null
    group by slices.account_id

),

turned as (

    select
        slices.account_id,
        min(
            case
                when slices.is_in_window
                    and (
                        slices.days_before < coalesce(directed.rose_from_days, {{ settings.window_days + 1 }})
                        and slices.score * 10000 >= halved.peak - halved.peak % 10000 - {{ tolerance * 10000 }}
                        or slices.days_before < coalesce(directed.fell_from_days, {{ settings.window_days + 1 }})
                        and slices.score * 10000 <= halved.trough - halved.trough % 10000 + {{ tolerance * 10000 }}
                    )
                    then slices.days_before
            end
        ) as turning_days,
        max(
            case
                when slices.days_before > halved.trough % 10000
                    and slices.days_before <= {{ 7 * settings.recovery_look_back_weeks | int }} then slices.score
            end
        ) as earlier_peak
    from slices
    inner join directed
        on slices.account_id = directed.account_id
    inner join halved
        on slices.account_id = halved.account_id
    group by slices.account_id

),

sloped as (

    select
        directed.*,
        {{ customer_health.slope_per_week('trend') }} as trend_slope,
        case
            when halved.older_count >= {{ settings.min_half_slices }}
                then {{ customer_health.slope_per_week('older') }}
        end as older_slope,
        case
            when halved.recent_count >= {{ settings.min_half_slices }}
                then {{ customer_health.slope_per_week('recent') }}
        end as recent_slope,
        halved.trough,
        turned.turning_days,
        turned.earlier_peak
    from directed
    left join halved
        on directed.account_id = halved.account_id
    left join turned
        on directed.account_id = turned.account_id
    {{ customer_health.computed_once() }}

)

select
    last_slices.account_id,
    last_slices.health_score,
    last_slices.health_band,
    case
        when sloped.direction = 'unknown' then 'insufficient_history'
        when sloped.direction = 'level' then 'stable'
        when sloped.direction = 'down' and sloped.recent_slope < 0
            and sloped.recent_slope - sloped.older_slope <= -{{ acceleration }} then 'accelerating_decline'
        when sloped.direction = 'down' then 'declining'
        when sloped.fell_from_days is not null then 'recovering'
        when sloped.earlier_peak * 10000 > sloped.trough - sloped.trough % 10000 + {{ dead_band * 10000 }}
            and sloped.score_now <= sloped.earlier_peak + {{ dead_band }} then 'recovering'
        else 'improving'
    end as trajectory_state,
    {%- for days in customer_health.change_days() %}
    {{ points('sloped.score_now - sloped.before_' ~ days ~ 'd % 1000000000') }} as change_{{ days }}d,
    {%- endfor %}
    {{ points('sloped.trend_slope') }} as slope_per_week,
    {{ points('sloped.older_slope') }} as older_slope_per_week,
    {{ points('sloped.recent_slope') }} as recent_slope_per_week,
    {{ points('sloped.recent_slope - sloped.older_slope', 10) }} as acceleration,
    {{ points('sloped.highest_score') }} as highest_score,
    {{ customer_health.add_days('last_slices.last_slice_on', 'sloped.highest % 10000 - 9999') }} as highest_on,
    {{ points('sloped.lowest_score') }} as lowest_score,
    {{ customer_health.add_days('last_slices.last_slice_on', '-(sloped.lowest % 10000)') }} as lowest_on,
    {{ customer_health.add_days('last_slices.last_slice_on', '-sloped.turning_days') }} as turning_point_on,
    sloped.slice_count,
    sloped.trend_count as scored_slice_count,
    {{ customer_health.add_days('last_slices.last_slice_on', '-sloped.first_slice_days') }} as first_slice_on,
    last_slices.last_slice_on,
    sloped.longest_gap_days,
    last_slices.last_slice_on = last_slices.newest_on as is_in_newest_slice,
    last_slices.policy,
    last_slices.policy_version,
    last_slices.newest_on as as_of_date
from last_slices
inner join sloped
    on last_slices.account_id = sloped.account_id
