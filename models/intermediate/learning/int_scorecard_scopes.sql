-- Grain: one scope of a scorecard: all accounts, and each segment with enough events in the training period.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set text = customer_health.type_text() %}

{%- set counts %}
        count(*) as label_count,
        count(case when is_churned then 1 end) as event_count,
        count(distinct account_id) as account_count,
        count(distinct case when is_churned then account_id end) as churned_account_count,
        max(as_of_date) as last_label_on
{%- endset %}

with training as (

    select
        segment,
        account_id,
        as_of_date,
        is_churned
    from {{ ref('outcome_labels') }}
    where period = 'train'

),

segments as (

    select
        segment,
        {{- counts }}
    from training
    group by segment

),

pooled as (

    select
        {{- counts }}
    from training

)

-- Several labels foretell the same churn: whether there is enough to learn from, accounts tell.
select
    cast('all' as {{ text }}) as scope,
    cast(label_count as bigint) as label_count,
    cast(event_count as bigint) as event_count,
    last_label_on,
    churned_account_count >= {{ settings.min_events | int }}
    and account_count - churned_account_count >= {{ settings.min_events | int }} as is_fitted
from pooled

union all

select
    segment as scope,
    cast(label_count as bigint) as label_count,
    cast(event_count as bigint) as event_count,
    last_label_on,
    true as is_fitted
from segments
where churned_account_count >= {{ settings.min_segment_events | int }}
    and account_count - churned_account_count >= {{ settings.min_segment_events | int }}
    and segment <> 'all'
    and {{ 'true' if settings.segment_column else 'false' }}
