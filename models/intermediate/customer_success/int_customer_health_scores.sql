-- Grain: one customer, with its dimension and overall scores, their classes and trends, and the same
-- over what was measured. A score that the published method cannot compute is NULL.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set health = customer_health.customer_success_health() %}
{%- set scores = customer_health.health_score_names() %}
{%- set dimensions = health.dimensions %}
{%- set least_weight = customer_health.in_millionths(health.min_coverage) * 1000000 %}

with metrics as (

    select * from {{ ref('int_customer_health_metrics') }}

),

benchmarks as (

    select * from {{ ref('customer_success_health_benchmarks') }}

),

-- Without a readable segment the published method has no benchmarks.
weighted as (

    select
        customer_id,
        benchmark_segment
        {%- for score in scores %},
        previous_{{ score }}_score
        {%- endfor %}
        {%- for dimension in dimensions %},
        case
            when segment is not null
                then {% for metric in dimension.metrics -%}
                {{ customer_health.double(metric.weight) }} * {{ metric.metric }}_score{{ ' + ' if not loop.last }}
                {%- endfor %}
        end as {{ dimension.dimension }}_sum,
        {% for metric in dimension.metrics -%}
        case
            when {{ metric.metric }}_is_measured
                then {{ customer_health.double(metric.weight) }} * {{ metric.metric }}_score
            else {{ customer_health.double(0) }}
        end{{ ' + ' if not loop.last }}
        {%- endfor %} as {{ dimension.dimension }}_measured_sum,
        {% for metric in dimension.metrics -%}
        cast({{ metric.metric }}_is_measured as integer) * {{ metric.weight_millionths }}{{ ' + ' if not loop.last }}
        {%- endfor %} as {{ dimension.dimension }}_measured_weight
        {%- endfor %},
        {% for metric in health.metrics -%}
        cast(cast({{ metric.metric }}_is_measured as integer) as bigint) * {{ metric.total_weight }}
        {{- ' + ' if not loop.last }}
        {%- endfor %} as measured_weight
    from metrics
    {{ customer_health.computed_once() }}

),

reweighted as (

    select
        weighted.*
        {%- for dimension in dimensions %},
        case
            when {{ dimension.dimension }}_measured_weight > 0
                then {{ dimension.dimension }}_measured_sum
                / ({{ customer_health.double(dimension.dimension ~ '_measured_weight') }} / 1000000)
        end as {{ dimension.dimension }}_measured_mean
        {%- endfor %}
    from weighted
    {{ customer_health.computed_once() }}

),

-- The overall scores are made of rounded dimension scores, so both agree where all is measured.
dimension_scores as (

    select
        customer_id,
        benchmark_segment,
        measured_weight
        {%- for score in scores %},
        previous_{{ score }}_score
        {%- endfor %}
        {%- for dimension in dimensions %},
        {{ customer_health.round_half_even_to_tenths(dimension.dimension ~ '_sum') }}
            as {{ dimension.dimension }}_score,
        {{ customer_health.round_half_even_to_tenths(dimension.dimension ~ '_measured_mean') }}
            as {{ dimension.dimension }}_measured_score
        {%- endfor %}
    from reweighted
    {{ customer_health.computed_once() }}

),

combined as (

    select
        dimension_scores.*,
        {% for dimension in dimensions -%}
        {{ customer_health.double(dimension.weight) }} * {{ dimension.dimension }}_score{{ ' + ' if not loop.last }}
        {%- endfor %} as overall_sum,
        case
            when measured_weight > 0 and measured_weight >= {{ least_weight }}
                then (
                {%- for dimension in dimensions -%}
                coalesce({{ customer_health.double(dimension.weight) }} * {{ dimension.dimension }}_measured_score, 0)
                {{- ' + ' if not loop.last }}
                {%- endfor -%}
                ) / (cast(
                {%- for dimension in dimensions -%}
                cast({{ dimension.dimension }}_measured_score is not null as integer)
                {{- ' * ' ~ dimension.weight_millionths }}{{ ' + ' if not loop.last }}
                {%- endfor %} as {{ customer_health.type_double() }}) / 1000000)
        end as measured_mean
    from dimension_scores
    {{ customer_health.computed_once() }}

),

all_scores as (

    select
        combined.*,
        {{ customer_health.round_half_even_to_tenths('overall_sum') }} as overall_score,
        {{ customer_health.round_half_even_to_tenths('measured_mean') }} as coverage_aware_score
    from combined
    {{ customer_health.computed_once() }}

)

select
    all_scores.customer_id
    {%- for score in scores %},
    cast(all_scores.{{ score }}_score as decimal(4, 1)) as {{ score }}_score,
    case
        when all_scores.{{ score }}_score is null then 'unscored'
        when all_scores.{{ score }}_score >= {{ customer_health.double('benchmarks.green_at_least') }} then 'green'
        when all_scores.{{ score }}_score >= {{ customer_health.double('benchmarks.yellow_at_least') }} then 'yellow'
        else 'red'
    end as {{ score }}_classification,
    case
        when all_scores.{{ score }}_score is null or all_scores.previous_{{ score }}_score is null then 'no_data'
        when all_scores.{{ score }}_score - all_scores.previous_{{ score }}_score > {{ health.trend_threshold }}
            then 'improving'
        when all_scores.{{ score }}_score - all_scores.previous_{{ score }}_score < -{{ health.trend_threshold }}
            then 'declining'
        else 'stable'
    end as {{ score }}_trend
    {%- endfor %},
    {{ customer_health.to_decimal(customer_health.double('all_scores.measured_weight') ~ ' / 1000000000000', 9) }}
        as signal_coverage,
    cast(all_scores.coverage_aware_score as decimal(4, 1)) as coverage_aware_score,
    case
        when all_scores.coverage_aware_score is null then 'unscored'
        when all_scores.coverage_aware_score >= {{ customer_health.double('benchmarks.green_at_least') }} then 'green'
        when all_scores.coverage_aware_score >= {{ customer_health.double('benchmarks.yellow_at_least') }} then 'yellow'
        else 'red'
    end as coverage_aware_classification
from all_scores
left join benchmarks
    on all_scores.benchmark_segment = benchmarks.segment
