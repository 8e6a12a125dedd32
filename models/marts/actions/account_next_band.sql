-- Grain: one metric of one scored account below the top band: the smallest change of this metric alone that
-- lifts the score into the next band, the bounds of the day and everything else as they are. Found by turning
-- the scale round, then scored anew with the values beside it: what is published reaches the band, one unit less does not.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set policy = customer_health.active_policy() %}
{%- set double = customer_health.type_double() %}
{%- set columns = policy.metrics | map(attribute='metric') | reject('equalto', 'size_points') | unique | list %}
{%- set levers = [] %}
{%- for metric in policy.metrics if metric.metric != 'size_points' and metric.scale != 'percentile' %}
{%- do levers.append(metric) %}
{%- endfor %}
{%- set bounded = [] %}
{%- for metric in policy.metrics if metric.scale in ['min_max', 'winsorized'] %}
{%- do bounded.append(metric) %}
{%- endfor %}
{%- set percentiles = policy.metrics | selectattr('scale', 'equalto', 'percentile') | list %}
{%- set peer_groups = bounded | map(attribute='peer_group') | select | unique | list %}

with accounts as (

    select
        accounts_scored.*,
        accounts_scored.{{ policy.name }}__health_score as health_score
    from {{ ref('int_accounts_scored') }} as accounts_scored
    where accounts_scored.{{ policy.name }}__health_score < {{ policy.bands[0].at_least }}

),

metric_bounds as (

    select * from {{ ref('int_metric_bounds') }}

),
{%- for peer_group in peer_groups %}

bounds_by_{{ peer_group }} as (

    select * from {{ ref('int_metric_bounds_by_' ~ peer_group) }}

),
{%- endfor %}

bound_accounts as (

    select
        accounts.account_id,
        accounts.account_size_segment,
        accounts.health_score,
        cast(case
            {%- for rung in policy.bands[1:] %}
            when accounts.health_score >= {{ rung.at_least }} then {{ policy.bands[loop.index0].at_least }}
            {%- endfor %}
        end as {{ double }}) as next_at_least,
        case
            {%- for rung in policy.bands[1:] %}
            when accounts.health_score >= {{ rung.at_least }}
                then {{ customer_health.text_literal(policy.bands[loop.index0].band) }}
            {%- endfor %}
        end as next_band,
        {%- if 'contact_email_coverage' in columns %}
        cast(accounts.total_contacts as {{ double }}) as contacts_for_coverage,
        {%- endif %}
        {%- for metric in bounded %}
        {%- set bounds = 'bounds_by_' ~ metric.peer_group if metric.peer_group else 'metric_bounds' %}
        {{ bounds }}.{{ metric.scaled_column }}__lower,
        {{ bounds }}.{{ metric.scaled_column }}__upper,
        {%- endfor %}
        {%- for metric in percentiles %}
        cast(accounts.{{ metric.scaled_column }} as {{ double }}) as {{ metric.scaled_column }}__stored,
        {%- endfor %}
        {%- for column in columns %}
        cast(accounts.{{ column }} as {{ double }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from accounts
    inner join metric_bounds
        on accounts.as_of_date = metric_bounds.as_of_date
    {%- for peer_group in peer_groups %}
    inner join bounds_by_{{ peer_group }}
        on accounts.as_of_date = bounds_by_{{ peer_group }}.as_of_date
        and accounts.{{ peer_group }} = bounds_by_{{ peer_group }}.{{ peer_group }}
    {%- endfor %}
    {{ customer_health.computed_once() }}

),

sized as (

    select
        bound_accounts.*,
        {{ customer_health.size_points(policy) }}
    from bound_accounts
    {{ customer_health.computed_once() }}

),

scaled as (

    select
        sized.*
        {%- for metric in policy.metrics %},
        {{ customer_health.stored_scaled_value(metric) }} as {{ metric.scaled_column }}
        {%- endfor %}
    from sized
    {{ customer_health.computed_once() }}

),

{{ customer_health.points_ctes([policy]) }},

-- The scaled value that the metric needs: the missing points over those that it can give. Half a millionth
-- less will do, since the score is rounded.
needs as (

    {%- for metric in policy.metrics %}
    {%- set raw = metric.points_column ~ '_raw' %}
    select
        accumulated.*,
        '{{ metric.dimension }}' as dimension,
        '{{ metric.metric }}' as metric,
        cast({{ loop.index }} as bigint) as position,
        '{{ metric.direction }}' as direction,
        {{ 'cast(null as ' ~ double ~ ')' if metric.metric == 'size_points' else metric.metric }} as current_value,
        {{ metric.scaled_column }} as scaled_value,
        {{ metric.scaled_column }} + (
            next_at_least - {{ customer_health.double('0.0000005') }}
            - ({% for other in policy.metrics %}{{ other.points_column }}_raw{{ ' + ' if not loop.last }}{% endfor %})
        ) / nullif({{ customer_health.max_points(metric) }}, 0) as needed_scaled_value,
        {%- if metric.metric == 'size_points' %}
        'not_a_lever' as obstacle
        {%- elif metric.scale == 'percentile' %}
        'scaled_by_percentile' as obstacle
        {%- else %}
        cast(null as {{ customer_health.type_text() }}) as obstacle
        {%- endif %}
    from accumulated
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

judged as (

    select
        needs.*,
        coalesce(obstacle, case
            when scaled_value is null then 'not_measured'
            when needed_scaled_value > 1 then 'not_enough'
        end) as reason
    from needs
    {{ customer_health.computed_once() }}

),

-- The value that scales to it, in the units in which the metric is counted.
turned as (

    select
        judged.*,
        case metric
            {%- for metric in levers %}
            when '{{ metric.metric }}' then {{ customer_health.counted_value_of(metric, 'needed_scaled_value') }}
            {%- endfor %}
        end as unit_count
    from judged
    where reason is null
    {{ customer_health.computed_once() }}

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
        {%- for column in columns %}
        case
            when turned.metric = '{{ column }}'
                then {{ customer_health.value_of_units(column, 'turned.unit_count + steps.step') }}
            else turned.{{ column }}
        end as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from turned
    cross join steps
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
        case metric
            {%- for metric in levers %}
            when '{{ metric.metric }}' then {{ metric.metric }}
            {%- endfor %}
        end as required_value,
        case metric
            {%- for metric in levers %}
            when '{{ metric.metric }}' then {{ metric.scaled_column }}
            {%- endfor %}
        end as scaled_after,
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
        and required_value >= 0
        -- Beyond the bounds of the day the account would move them.
        and scaled_after <= 1

),

answered as (

    select
        judged.account_id,
        judged.health_score,
        judged.next_band,
        judged.dimension,
        judged.metric,
        judged.position,
        judged.direction,
        judged.next_at_least,
        judged.current_value,
        reached.required_value,
        reached.scaled_change,
        reached.score_after,
        reached.account_id is not null as is_reachable,
        case when reached.account_id is not null then 'reachable' else coalesce(judged.reason, 'not_enough') end as reason
    from judged
    left join reached
        on judged.account_id = reached.account_id
        and judged.metric = reached.metric
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
