-- Grain: one account, scored under the active policy. A view over the stored wide rows.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='view') }}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

)

select
    {{ customer_health.account_health_columns() | join(',\n    ') }}
from policy_scores
where policy = '{{ customer_health.active_policy().name }}'
