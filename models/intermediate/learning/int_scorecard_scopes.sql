-- Grain: one scope of a scorecard: all accounts, and each segment with enough events in the training period.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set text = customer_health.type_text() %}

with training as (

    select
        segment,
        count(*) as label_count,
        count(case when is_churned then 1 end) as event_count,
        max(as_of_date) as last_label_on
    from {{ ref('outcome_labels') }}
    where period = 'train'
    group by segment

),

pooled as (

    select
        coalesce(sum(label_count), 0) as label_count,
        coalesce(sum(event_count), 0) as event_count,
        max(last_label_on) as last_label_on
    from training

)

select
    cast('all' as {{ text }}) as scope,
    cast(label_count as bigint) as label_count,
    cast(event_count as bigint) as event_count,
    last_label_on,
    event_count >= {{ settings.min_events | int }}
    and label_count - event_count >= {{ settings.min_events | int }} as is_fitted
from pooled

union all

select
    segment as scope,
    cast(label_count as bigint) as label_count,
    cast(event_count as bigint) as event_count,
    last_label_on,
    true as is_fitted
from training
where event_count >= {{ settings.min_segment_events | int }}
    and label_count - event_count >= {{ settings.min_segment_events | int }}
    and segment <> 'all'
    and {{ 'true' if settings.segment_column else 'false' }}
