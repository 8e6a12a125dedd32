{# The points that a policy gives for the size segment of an account: <policy>__size_points. #}
{% macro size_points(policy) -%}
    case account_size_segment
        {%- for segment, points in policy.size_points.items() %}
        when {{ customer_health.text_literal(segment) }} then {{ customer_health.double(points) }}
        {%- else %}
        when null then {{ customer_health.double(0) }}
        {%- endfor %}
    end as {{ policy.name }}__size_points
{%- endmacro %}

{#
    The CTEs from scaled metrics to points, after a CTE `scaled` that has every policy's scaled columns:
    `accumulated` adds <policy>__coverage, <policy>__<dimension>__measured and, per metric of each policy,
    the cumulative points in whole millionths. Of use wherever accounts are scored: as they are, as they
were, or as they would be. A prefix of the names of all these CTEs tells two such chains apart.
    NULL spreads by arithmetic (0 x scaled, + zero_if_scored) instead of by CASE: where DuckDB merges
    these steps it computes the score anew in each branch (measured: 8.9 s instead of 0.8 s).
#}
{% macro points_ctes(policies, prefix='') %}
{{ prefix }}measured_within_dimensions as (

    select
        *
        {%- for policy in policies %}
        {%- for dimension in policy.dimensions %},
        {{ customer_health.measured_weight(dimension) }} as {{ policy.name }}__{{ dimension.dimension }}__measured
        {%- endfor %},
        {{ customer_health.score_coverage(policy) }} as {{ policy.name }}__coverage
        {%- endfor %}
    from {{ prefix }}scaled
    {{ customer_health.computed_once() }}

),

{{ prefix }}measured as (

    select
        *
        {%- for policy in policies %},
        {{ customer_health.measured_dimension_weight(policy) }} as {{ policy.name }}__measured,
        case when {{ policy.name }}__coverage >= {{ policy.min_coverage }} then {{ customer_health.double(0) }} end
            as {{ policy.name }}__zero_if_scored
        {%- endfor %}
    from {{ prefix }}measured_within_dimensions
    {{ customer_health.computed_once() }}

),

{{ prefix }}unrounded as (

    select
        *
        {%- for policy in policies %}
        {%- for metric in policy.metrics %},
        coalesce({{ metric.scaled_column }} * ({{ customer_health.max_points(metric) }}), 0)
            as {{ metric.points_column }}_raw
        {%- endfor %}
        {%- endfor %}
    from {{ prefix }}measured
    {{ customer_health.computed_once() }}

),

-- Each cumulative sum is rounded once, to whole millionths of a point; points are their differences.
-- zero_if_scored is NULL where too little is measured, and withholds every sum it is added to.
{{ prefix }}accumulated as (

    select
        *
        {%- for policy in policies %}
        {%- set sum = namespace(terms=[]) %}
        {%- for metric in policy.metrics %}
        {%- set sum.terms = sum.terms + [metric.points_column ~ '_raw'] %},
        {{ customer_health.to_millionths(sum.terms | join(' + ')) }} + {{ policy.name }}__zero_if_scored
            as {{ policy.name }}__millionths_{{ loop.index }}
        {%- endfor %}
        {%- endfor %}
    from {{ prefix }}unrounded
    {{ customer_health.computed_once() }}

)
{%- endmacro %}

{# The points of a policy's metric, which is the `place`-th of its metrics from 1: a decimal(9, 6). #}
{% macro metric_points(policy, place) %}
    {%- set millionths = policy.name ~ '__millionths_' -%}
    {{- return(customer_health.from_millionths(
        millionths ~ place ~ ('' if place == 1 else ' - ' ~ millionths ~ (place - 1))
        ~ ' + 0 * ' ~ policy.metrics[place - 1].scaled_column
    )) -}}
{% endmacro %}

{# The published score of a policy: its last cumulative sum. NULL where too little is measured. #}
{% macro summed_score(policy) %}
    {{- return(customer_health.from_millionths(policy.name ~ '__millionths_' ~ policy.metrics | length)) -}}
{% endmacro %}
