-- Grain: one open or cooling alert on one date, and one row for each date judged. Kept from run to run.
{{ config(
    enabled=customer_health.subject_is_built('actions'),
    materialized='incremental',
    incremental_strategy=customer_health.slice_strategy(),
    unique_key='as_of_date',
    partition_by=customer_health.slice_partition(),
    post_hook="{{ customer_health.drop_old_slices() }}"
) }}

select
    {{ customer_health.alert_slice_columns().keys() | join(',\n    ') }}
from {{ ref('int_alert_states') }}
