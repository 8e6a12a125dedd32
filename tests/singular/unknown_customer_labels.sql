-- Warns of labels of many customers that no seed knows: they are Unclassified until the seed has the label.
-- A label of a few is a slip, which value_findings lists like any other.
{{ config(enabled=customer_health.subject_is_built('conversion'), severity='warn', group='customer_health') }}

select
    source as row_key,
    column_name,
    value as unknown_label,
    count(*) as customer_count
from {{ ref('value_findings') }}
where
    reason_code = 'unknown_label'
    and column_name in ('activity_risk_level', 'engagement_velocity', 'customer_tier')
group by source, column_name, value
having count(*) >= {{ customer_health.small_sample() }}
