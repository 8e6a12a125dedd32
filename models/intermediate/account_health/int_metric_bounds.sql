-- Grain: one as-of date. Bounds over all its accounts.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}
{{ customer_health.metric_bounds(none) }}
