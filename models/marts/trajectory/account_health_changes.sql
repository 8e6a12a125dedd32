-- Grain: one metric of one account and distance in days, up to the newest slice: why the score moved.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('trajectory')) }}

{%- set settings = customer_health.trajectory_settings() %}
{%- set pairs %}
(
    select
        now_slices.account_id,
        distances.days as label,
        max(earlier_slices.as_of_date) as from_date,
        now_slices.as_of_date as to_date
    from {{ ref('account_health_slices') }} as now_slices
    cross join (
        {%- for days in customer_health.change_days() %}
        select {{ days }} as days
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as distances
    inner join {{ ref('account_health_slices') }} as earlier_slices
        on now_slices.account_id = earlier_slices.account_id
        and {{ customer_health.days_between('earlier_slices.as_of_date', 'now_slices.as_of_date') }}
        between distances.days and distances.days + {{ settings.change_tolerance_days }}
    where now_slices.as_of_date = {{ customer_health.current_slice_date() }}
        and earlier_slices.as_of_date < now_slices.as_of_date
        and now_slices.health_score is not null
        and earlier_slices.health_score is not null
    group by now_slices.account_id, distances.days, now_slices.as_of_date
) as newest
{%- endset %}

with changes as (
    {{ customer_health.health_changes(pairs) | indent(4) }}
)

select
    account_id,
    cast(label as bigint) as days,
    from_date,
    to_date,
    dimension,
    metric,
    from_value,
    to_value,
    from_points,
    to_points,
    points_change,
    own_change,
    peer_change,
    policy_change
from changes
