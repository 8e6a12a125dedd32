-- Grain: one account on one stored as_of_date, under the policy that was active. What a run adds: the current
-- slice, and those of the snapshots that are not there yet. Slices of other dates stay as they are.
-- Beside the columns of account_health: <metric>__scaled, __points and what it was scaled by (__lower and
-- __upper, or the rank __exact) of each metric, so that a change of the score can be split into its causes.
-- noqa: disable=LT02
{{ config(
    enabled=customer_health.subject_is_built('trajectory'),
    materialized='incremental',
    incremental_strategy=customer_health.slice_strategy(),
    unique_key='as_of_date',
    partition_by=customer_health.slice_partition(),
    post_hook=["{{ customer_health.drop_old_slices() }}", "{{ customer_health.settle_stored_owners() }}"]
) }}

{%- set policy = customer_health.active_policy() %}
{%- set double = customer_health.type_double() %}
{%- set bounded = customer_health.bounded_metrics(policy) %}
{%- set peer_groups = customer_health.needs_of_policies(var('customer_health_policy')).peer_groups %}
{%- set known = customer_health.account_health_columns() + ['is_low_health'] %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored_by_date') }}
    where as_of_date in ({{ customer_health.date_literals(customer_health.slices().to_store) }})

),

tier_cut_offs as (

    select * from {{ ref('int_tier_cut_offs') }}

),

metric_bounds as (

    select * from {{ ref('int_metric_bounds') }}

)
{%- for peer_group in peer_groups %},

bounds_by_{{ peer_group }} as (

    select * from {{ ref('int_metric_bounds_by_' ~ peer_group) }}

)
{%- endfor %}

select
    {{ customer_health.policy_score_columns(policy) }}
    {%- for metric in policy.metrics %}
    {%- if metric.source_column not in known and metric.metric != 'size_points' %},
    accounts_scored.{{ metric.source_column }}
    {%- do known.append(metric.source_column) %}
    {%- endif %}
    {%- set bounds = 'bounds_by_' ~ metric.peer_group if metric.peer_group else 'metric_bounds' %},
    accounts_scored.{{ metric.scaled_column }} as {{ metric.metric }}__scaled,
    {%- if metric in bounded %}
    cast({{ bounds }}.{{ metric.scaled_column }}__lower as {{ double }}) as {{ metric.metric }}__lower,
    cast({{ bounds }}.{{ metric.scaled_column }}__upper as {{ double }}) as {{ metric.metric }}__upper,
    {%- elif metric.scale == 'percentile' %}
    accounts_scored.{{ metric.scaled_column }}__exact as {{ metric.metric }}__exact,
    {%- endif %}
    accounts_scored.{{ metric.points_column }} as {{ metric.metric }}__points
    {%- set own_parts = ['exact'] if metric.scale == 'percentile' else [] %}
    {%- set own_parts = ['lower', 'upper'] if metric in bounded else own_parts %}
    {%- for part in ['scaled', 'points'] + own_parts %}
    {%- do known.append(metric.metric ~ '__' ~ part) %}
    {%- endfor %}
    {%- endfor %}
    {%- for column in customer_health.columns_of_earlier_policies(known) %},
    cast(null as {{ column.type }}) as {{ column.name }}
    {%- endfor %}
from accounts_scored
inner join tier_cut_offs
    on accounts_scored.as_of_date = tier_cut_offs.as_of_date
inner join metric_bounds
    on accounts_scored.as_of_date = metric_bounds.as_of_date
{%- for peer_group in peer_groups %}
inner join bounds_by_{{ peer_group }}
    on accounts_scored.as_of_date = bounds_by_{{ peer_group }}.as_of_date
    and accounts_scored.{{ peer_group }} = bounds_by_{{ peer_group }}.{{ peer_group }}
{%- endfor %}
