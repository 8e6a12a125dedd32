-- Of a column that a policy scores, no more values are refused than the setting allows.
-- noqa: disable=LT02
{{ config(
    enabled=customer_health.subject_is_built('account_health') or customer_health.subject_is_built('conversion'),
    group='customer_health'
) }}

{%- set limits = customer_health.refused_value_limits() %}

select
    source,
    column_name,
    value_count,
    refused_count,
    example,
    'mend the column in the export, or raise stop_above ({{ limits.stop_above }}) in'
    || ' customer_health_refused_values' as advice
from {{ ref('column_findings') }}
where is_scored
    and refused_share > {{ limits.stop_above }}
