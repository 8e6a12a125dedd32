-- Grain: one metric of one scored account below the top band: the smallest change of this metric alone that
-- lifts the score into the next band, the bounds of the day and everything else as they are. The needed value
-- and its two neighbours are scored anew: what is published reaches the band, one unit less does not.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set policy = customer_health.active_policy() %}
{%- set double = customer_health.type_double() %}
{%- set metric_columns = customer_health.valued_metrics(policy) %}
{%- set bounded = customer_health.bounded_metrics(policy) %}
{%- set percentiles = policy.metrics | selectattr('scale', 'equalto', 'percentile') | list %}
{%- set lever_columns, lever_scales = {}, {} %}
{%- for metric in policy.metrics if metric.metric != 'size_points' and metric.scale != 'percentile' %}
{%- do lever_columns.update({metric.metric: metric.source_column}) %}
{%- do lever_scales.update({metric.metric: metric.scaled_column}) %}
{%- endfor %}

with turned as (

    select * from {{ ref('int_next_band_needs') }}

),

steps as (

    select -1 as step
    union all
    select 0 as step
    union all
    select 1 as step

),

candidates as (

    select
        turned.account_id,
        turned.account_size_segment,
        turned.metric,
        turned.current_value as value_before,
        turned.scaled_value as scaled_before,
        turned.next_at_least,
        {%- for metric in bounded %}
        turned.{{ metric.scaled_column }}__lower,
        turned.{{ metric.scaled_column }}__upper,
        {%- endfor %}
        {%- for metric in percentiles %}
        turned.{{ metric.scaled_column }}__stored,
        {%- endfor %}
        {%- for metric, column in metric_columns.items() %}
        case
            when turned.metric = '{{ metric }}'
                then {{ customer_health.value_of_units(metric, 'turned.unit_count + steps.step') }}
            else turned.{{ column }}
        end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from turned
    cross join steps
    where turned.unit_count is not null
    {{ customer_health.computed_once() }}

),

again_sized as (

    select
        candidates.*,
        {{ customer_health.size_points(policy) }}
    from candidates
    {{ customer_health.computed_once() }}

),

again_scaled as (

    select
        again_sized.*
        {%- for metric in policy.metrics %},
        {{ customer_health.stored_scaled_value(metric) }} as {{ metric.scaled_column }}
        {%- endfor %}
    from again_sized
    {{ customer_health.computed_once() }}

),

{{ customer_health.points_ctes([policy], prefix='again_') }},

rescored as (

    select
        account_id,
        metric,
        value_before,
        {{ customer_health.summed_score(policy) }} as score_after,
        {{ customer_health.by_metric('metric', lever_columns, double) | indent(8) }} as required_value,
        {{ customer_health.by_metric('metric', lever_scales, double) | indent(8) }} as scaled_after,
        scaled_before,
        next_at_least
    from again_accumulated
    {{ customer_health.computed_once() }}

),

reached as (

    select
        rescored.*,
        scaled_after - scaled_before as scaled_change,
        row_number() over (
            partition by account_id, metric
            order by abs(required_value - value_before), required_value
        ) as place
    from rescored
    where score_after >= next_at_least
        and required_value is not null
        -- Beyond the bounds of the day the account would move them.
        and scaled_after <= 1

),

answered as (

    select
        turned.account_id,
        turned.health_score,
        turned.next_band,
        turned.dimension,
        turned.metric,
        turned.position,
        turned.direction,
        turned.next_at_least,
        turned.current_value,
        reached.required_value,
        reached.scaled_change,
        reached.score_after,
        reached.account_id is not null as is_reachable,
        case
            when reached.account_id is not null then 'reachable'
            else coalesce(turned.obstacle, 'not_enough')
        end as reason
    from turned
    left join reached
        on turned.account_id = reached.account_id
        and turned.metric = reached.metric
        and reached.place = 1

)

select
    account_id,
    metric,
    dimension,
    direction,
    health_score,
    next_band,
    cast(cast(next_at_least as decimal(9, 6)) - health_score as decimal(10, 6)) as points_needed,
    current_value,
    required_value,
    {{ customer_health.to_decimal('(required_value - current_value)') }} as change,
    {{ customer_health.to_decimal('scaled_change', 9) }} as scaled_change,
    is_reachable,
    reason,
    score_after,
    is_reachable and row_number() over (
        partition by account_id, is_reachable
        order by {{ customer_health.to_decimal('scaled_change', 9) }} nulls last, position
    ) = 1 as is_smallest
from answered
