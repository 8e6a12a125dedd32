-- Grain: one customer.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set health = customer_health.customer_success_health() %}
{%- set scores = customer_health.health_score_names() %}
{%- set dimensions = health.dimensions | map(attribute='dimension') | list %}

with metrics as (

    select * from {{ ref('int_customer_health_metrics') }}

),

scores as (

    select * from {{ ref('int_customer_health_scores') }}

),

priorities as (

    select * from {{ ref('customer_success_priorities') }}

)

select
    metrics.customer_id,
    metrics.record_number,
    metrics.name,
    metrics.segment,
    metrics.benchmark_segment,
    {{ customer_health.to_decimal('metrics.arr') }} as arr
    {%- for score in scores %},
    scores.{{ score }}_score
    {%- endfor %},
    scores.overall_classification as classification
    {%- for dimension in dimensions %},
    scores.{{ dimension }}_classification
    {%- endfor %}
    {%- for score in scores %},
    scores.{{ score }}_trend
    {%- endfor %}
    {%- for score in scores %},
    {{ customer_health.to_decimal('metrics.previous_' ~ score ~ '_score') }} as previous_{{ score }}_score
    {%- endfor %},
    scores.signal_coverage,
    scores.coverage_aware_score,
    scores.coverage_aware_classification,
    coalesce(priorities.priority, 'unscored') as priority
    {%- for metric in health.metrics %},
    {% if metric.direction == 'label' -%}
    case when metrics.{{ metric.metric }}_is_measured then metrics.{{ metric.metric }} end as {{ metric.metric }}
    {%- else -%}
    case
        when metrics.{{ metric.metric }}_is_measured
            then {{ customer_health.to_decimal('metrics.' ~ metric.metric) }}
    end as {{ metric.metric }}
    {%- endif %}
    {%- endfor %}
from metrics
inner join scores
    on metrics.customer_id = scores.customer_id
left join priorities
    on scores.overall_classification = priorities.classification
    and scores.overall_trend = priorities.trend
