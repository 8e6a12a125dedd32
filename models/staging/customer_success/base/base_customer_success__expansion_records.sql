-- Grain: one source record, its fields as JSON tokens; rejection is NULL if it is accepted.
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}
{{ customer_health.customer_success_records('expansion') }}
