-- Grain: one account on one as-of date of this run; the scores of all policies side by side (columns
-- <policy>__<figure>). Stored wide and once; everything after it reads from here. One date on a normal day.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set policies = customer_health.policies() %}
{%- set scaled_metrics = customer_health.scaled_metrics() %}
{%- set percentile_metrics = customer_health.metrics_by_percentile() %}
{%- set needs = customer_health.needs_of_policies() %}

with account_metrics as (

    select * from {{ ref('int_account_metrics') }}

),

metric_bounds as (

    select * from {{ ref('int_metric_bounds') }}

),

{%- for peer_group in needs.peer_groups %}

bounds_by_{{ peer_group }} as (

    select * from {{ ref('int_metric_bounds_by_' ~ peer_group) }}

),
{%- endfor %}
{%- if needs.by_percentile %}

metric_percentiles as (

    select * from {{ ref('int_metric_percentiles') }}

),
{%- endif %}

scaled as (

    select
        account_metrics.*
        {%- for metric in scaled_metrics %},
        {{ customer_health.scaled_value(metric) }} as {{ metric.scaled_column }}
        {%- endfor %}
    from account_metrics
    inner join metric_bounds
        on account_metrics.as_of_date = metric_bounds.as_of_date
    {%- for peer_group in needs.peer_groups %}
    inner join bounds_by_{{ peer_group }}
        on account_metrics.as_of_date = bounds_by_{{ peer_group }}.as_of_date
        and account_metrics.{{ peer_group }} = bounds_by_{{ peer_group }}.{{ peer_group }}
    {%- endfor %}
    {%- for metric in percentile_metrics %}
    left join metric_percentiles as {{ metric.scaled_column }}__percentiles
        on account_metrics.as_of_date = {{ metric.scaled_column }}__percentiles.as_of_date
        and {{ metric.scaled_column }}__percentiles.scaled_column = '{{ metric.scaled_column }}'
        and {{ metric.scaled_column }}__percentiles.peer_group
        = {{ 'account_metrics.' ~ metric.peer_group if metric.peer_group else "''" }}
        and {{ metric.scaled_column }}__percentiles.metric_value = {{ customer_health.metric_value(metric) }}
    {%- endfor %}
    {{ customer_health.computed_once() }}

),

{{ customer_health.points_ctes(policies) }},

scored as (

    select
        *
        {%- for policy in policies %},
        {{ customer_health.summed_score(policy) }}
            as {{ policy.name }}__health_score
        {%- endfor %}
    from accumulated
    {{ customer_health.computed_once() }}

),

forecast as (

    select
        *
        {%- for policy in policies %}
        {%- for part in policy.forecast.parts %},
        {{ customer_health.forecast_part(policy, part, policy.name ~ '__health_score') }}
            as {{ policy.name }}__{{ part }}_unrounded
        {%- endfor %}
        {%- endfor %}
    from scored
    {{ customer_health.computed_once() }}

)

select
    as_of_date,
    account_id,
    account_name,
    industry,
    account_size_segment,
    geographic_region,
    owner_id
    {%- for column in customer_health.metric_columns() %},
    {{ column }}
    {%- endfor %}
    {%- for metric in scaled_metrics %},
    {{ customer_health.to_decimal(metric.scaled_column, 9) }} as {{ metric.scaled_column }}
    {%- if metric.scale == 'percentile' %},
    -- A rank cannot be computed from the row alone: who scores it anew later needs it unrounded.
    {{ metric.scaled_column }} as {{ metric.scaled_column }}__exact
    {%- endif %}
    {%- endfor %}
    {%- for policy in policies %}
    {%- for metric in policy.metrics %},
    {{ customer_health.metric_points(policy, loop.index) }} as {{ metric.points_column }}
    {%- endfor %}
    {%- for dimension in policy.dimensions %},
    {{ customer_health.to_decimal(customer_health.sub_score(policy, dimension), 9) }}
        as {{ policy.name }}__{{ dimension.dimension }}__score
    {%- endfor %},
    {{ policy.name }}__health_score,
    {{ customer_health.to_decimal(policy.name ~ '__coverage', 9) }} as {{ policy.name }}__score_coverage,
    {{ customer_health.published_forecast(policy) }},
    {{ customer_health.is_run_rate_unknown(policy) }} as {{ policy.name }}__is_run_rate_unknown
    {%- endfor %}
from forecast
