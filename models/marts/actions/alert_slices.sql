-- Grain: one open or cooling alert on one date, and one row for each date judged. Kept from run to run.
{{ config(
    enabled=customer_health.subject_is_built('actions'),
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='as_of_date',
    schema='history',
    on_schema_change='append_new_columns',
    full_refresh=false,
    access='private',
    contract={'enforced': false}
) }}

select
    {{ customer_health.alert_slice_columns().keys() | join(',\n    ') }}
from {{ ref('int_alert_states') }}
