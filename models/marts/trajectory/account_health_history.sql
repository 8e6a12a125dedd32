-- Grain: one account on one stored as_of_date, up to the setting as_of_date. A view over the history.
{{ config(enabled=customer_health.subject_is_built('trajectory'), materialized='view') }}

with slices as (

    select * from {{ ref('account_health_slices') }}

)

select
    {{ customer_health.account_health_columns() | join(',\n    ') }}
from slices
where as_of_date <= {{ customer_health.as_of_date() }}
