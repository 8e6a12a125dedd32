-- Grain: one metric of one account under the active policy. A view over the stored wide rows.
-- max_points are rounded like the points: differences of rounded cumulative sums, so they sum to 100.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='view') }}

{%- set policy = customer_health.active_policy() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

measured_within_dimensions as (

    select
        *
        {%- for dimension in policy.dimensions %},
        {{ customer_health.measured_weight(dimension) }} as {{ policy.name }}__{{ dimension.dimension }}__measured
        {%- endfor %}
    from accounts_scored
    {{ customer_health.computed_once() }}

),

measured as (

    select
        *,
        {{ customer_health.measured_dimension_weight(policy) }} as {{ policy.name }}__measured
    from measured_within_dimensions
    {{ customer_health.computed_once() }}

),

accumulated as (

    select
        *
        {%- set sum = namespace(terms=[]) %}
        {%- for metric in policy.metrics %}
        {%- set sum.terms = sum.terms + [
            'case when ' ~ metric.scaled_column ~ ' is null then 0 else ' ~ customer_health.max_points(metric) ~ ' end'
        ] %},
        {{ customer_health.to_millionths(sum.terms | join('\n            + ')) }} as max_millionths_{{ loop.index }}
        {%- endfor %}
    from measured
    {{ customer_health.computed_once() }}

)

{% for metric in policy.metrics -%}
select
    account_id,
    '{{ metric.dimension }}' as dimension,
    '{{ metric.metric }}' as metric,
    {%- if metric.metric == 'size_points' %}
    case account_size_segment
        {%- for segment, points in policy.size_points.items() %}
        when {{ customer_health.text_literal(segment) }} then {{ customer_health.double(points) }}
        {%- endfor %}
    end as raw_value,
    {%- else %}
    cast({{ metric.source_column }} as {{ customer_health.type_double() }}) as raw_value,
    {%- endif %}
    {{ metric.scaled_column }} as scaled_value,
    cast({{ metric.weight }} as decimal(9, 6)) as weight,
    {{ metric.points_column }} as points,
    cast(
        case
            when {{ metric.points_column }} is not null
                then {{ customer_health.from_millionths(
                    'max_millionths_' ~ loop.index ~ ('' if loop.first else ' - max_millionths_' ~ (loop.index - 1))
                ) }}
        end as decimal(9, 6)
    ) as max_points
from accumulated
{{ 'union all' if not loop.last }}
{% endfor %}
