-- Grain: one customer. A metric is the number that the published method computes with: its default
-- where the record lacks it, NULL where that method fails; _is_measured tells whether it was measured.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set health = customer_health.customer_success_health() %}
{%- set scores = customer_health.health_score_names() %}

with records as (

    select * from {{ ref('base_customer_success__health_records') }}

),

values_read as (

    select
        key as customer_id,
        record_number,
        case when name is null then 'Unknown' else {{ customer_health.json_text('name') }} end as name,
        case
            when segment is null then {{ customer_health.text_literal(health.default_segment) }}
            else lower({{ customer_health.json_text('segment') }})
        end as segment,
        {{ customer_health.json_number('arr') }} as arr
        {%- for dimension in health.dimensions %},
        coalesce({{ dimension.dimension }}, '{') = '{' as {{ dimension.dimension }}_is_readable
        {%- endfor %}
        {%- for metric in health.metrics %},
        {{ metric.metric }} as {{ metric.metric }}_token,
        {% if metric.direction == 'label' -%}
        lower({{ customer_health.json_text(metric.metric) }}) as {{ metric.metric }}_value
        {%- else -%}
        {{ customer_health.json_number(metric.metric) }} as {{ metric.metric }}_value
        {%- endif %}
        {%- endfor %}
        {%- for score in scores %},
        {{ customer_health.json_number('previous_' ~ score ~ '_score') }} as previous_{{ score }}_score
        {%- endfor %}
    from records
    where rejection is null
    {{ customer_health.computed_once() }}

)

select
    customer_id,
    record_number,
    name,
    segment,
    arr
    {%- for metric in health.metrics %},
    case
        when {{ metric.metric }}_token is null and {{ metric.dimension }}_is_readable
            then {{ customer_health.text_literal(metric.default) if metric.direction == 'label'
                else customer_health.double(metric.default) }}
        else {{ metric.metric }}_value
    end as {{ metric.metric }},
    {% if metric.direction == 'label' -%}
    coalesce(
        {{ metric.metric }}_value in (
            {%- for label in health.sentiments -%}
            {{ customer_health.text_literal(label) }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        ), false
    ) as {{ metric.metric }}_is_measured
    {%- else -%}
    coalesce(
        {{ metric.metric }}_token not in ('true', 'false') and {{ metric.metric }}_value >= 0, false
    ) as {{ metric.metric }}_is_measured
    {%- endif %}
    {%- endfor %}
    {%- for score in scores %},
    previous_{{ score }}_score
    {%- endfor %}
from values_read
