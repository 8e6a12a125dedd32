-- Grain: one account on one as-of date of this run, with the metrics that the scored policies read: the current
-- date, and those of the snapshots that the history lacks.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with accounts as (

    select * from {{ ref('int_accounts_by_date') }}

)

select
    as_of_date,
    account_id,
    account_name,
    industry,
    account_size_segment,
    geographic_region,
    owner_id
    {%- for column in customer_health.metric_columns() %},
    {{ column }}
    {%- endfor %}
    {%- for policy in customer_health.policies() if policy.size_points %},
    {{ customer_health.size_points(policy) }}
    {%- endfor %}
from accounts
