-- Grain: one metric of one scored account below the top band, with the value that the metric would need for
-- the next band (in units of change), and all that scoring the account anew takes.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

{%- set policy = customer_health.active_policy() %}
{%- set double = customer_health.type_double() %}
{%- set metric_columns = customer_health.valued_metrics(policy) %}
{%- set columns = metric_columns.values() | list %}
{%- set bounded = customer_health.bounded_metrics(policy) %}
{%- set percentiles = policy.metrics | selectattr('scale', 'equalto', 'percentile') | list %}
{%- set levers = [] %}
{%- for metric in policy.metrics if metric.metric != 'size_points' and metric.scale != 'percentile' %}
{%- do levers.append(metric) %}
{%- endfor %}
{%- set peer_groups = customer_health.needs_of_policies(var('customer_health_policy')).peer_groups %}
{%- set rows = [] %}
{%- for metric in policy.metrics %}
{%- set obstacle = 'scaled_by_percentile' if metric.scale == 'percentile' %}
{%- set obstacle = 'not_a_lever' if metric.metric == 'size_points' else obstacle %}
{%- do rows.append([
    customer_health.sql_literal(metric.metric), customer_health.sql_literal(metric.dimension), loop.index,
    customer_health.sql_literal(metric.direction), customer_health.sql_literal(obstacle or none),
]) %}
{%- endfor %}

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
        {%- if 'contact_email_coverage' in metric_columns %}
        cast(accounts.total_contacts as {{ double }}) as contacts_for_coverage,
        {%- endif %}
        {%- for metric in bounded %}
        {%- set bounds = 'bounds_by_' ~ metric.peer_group if metric.peer_group else 'metric_bounds' %}
        {{ bounds }}.{{ metric.scaled_column }}__lower,
        {{ bounds }}.{{ metric.scaled_column }}__upper,
        {%- endfor %}
        {%- for metric in percentiles %}
        accounts.{{ metric.scaled_column }}__exact as {{ metric.scaled_column }}__stored,
        {%- endfor %}
        {%- for column in columns %}
        cast(accounts.{{ column }} as {{ double }}) as {{ column }},
        {%- endfor %}
        accounts.account_size_segment
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

-- Half a millionth less than the missing points will do, since the score is rounded.
totalled as (

    select
        accumulated.*,
        next_at_least - {{ customer_health.double('0.0000005') }}
        - (
            {%- for metric in policy.metrics %}
            {{ metric.points_column }}_raw{{ ' +' if not loop.last }}
            {%- endfor %}
        )
            as missing_points
    from accumulated
    {{ customer_health.computed_once() }}

),

metrics as (
    {{ customer_health.rows_as_table({
        'metric': customer_health.type_text(),
        'dimension': customer_health.type_text(),
        'position': 'bigint',
        'direction': customer_health.type_text(),
        'obstacle': customer_health.type_text(),
    }, rows) | indent(4) }}
),

-- The scaled value that the metric needs: what it has, and the missing points over those that it can give.
needs as (

    select
        totalled.*,
        metrics.metric,
        metrics.dimension,
        metrics.position,
        metrics.direction,
        metrics.obstacle,
        {{ customer_health.by_metric('metrics.metric', metric_columns, double) | indent(8) }} as current_value,
        case metrics.metric
            {%- for metric in policy.metrics %}
            when '{{ metric.metric }}' then {{ metric.scaled_column }}
            {%- endfor %}
        end as scaled_value,
        case metrics.metric
            {%- for metric in policy.metrics %}
            when '{{ metric.metric }}'
                then {{ metric.scaled_column }} + missing_points / nullif({{ customer_health.max_points(metric) }}, 0)
            {%- endfor %}
        end as needed_scaled_value
    from totalled
    cross join metrics
    {{ customer_health.computed_once() }}

),

judged as (

    select
        needs.*,
        coalesce(obstacle, case
            when scaled_value is null then 'not_measured'
            when needed_scaled_value > 1 then 'not_enough'
        end) as obstacle_found
    from needs
    {{ customer_health.computed_once() }}

)

select
    account_id,
    account_size_segment,
    health_score,
    next_at_least,
    next_band,
    metric,
    dimension,
    position,
    direction,
    current_value,
    scaled_value,
    obstacle_found as obstacle,
    -- The value that scales to what is needed, in the units in which the metric is counted.
    case
        when obstacle_found is not null then null
        {%- for metric in levers %}
        when metric = '{{ metric.metric }}' then {{ customer_health.counted_value_of(metric, 'needed_scaled_value') }}
        {%- endfor %}
    end as unit_count
    {%- if 'contact_email_coverage' in metric_columns %},
    contacts_for_coverage
    {%- endif %}
    {%- for metric in bounded %},
    {{ metric.scaled_column }}__lower,
    {{ metric.scaled_column }}__upper
    {%- endfor %}
    {%- for metric in percentiles %},
    {{ metric.scaled_column }}__stored
    {%- endfor %}
    {%- for column in columns %},
    {{ column }}
    {%- endfor %}
from judged
