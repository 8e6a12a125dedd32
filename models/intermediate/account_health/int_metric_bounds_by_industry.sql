-- Grain: one as-of date and industry. Bounds over the accounts of that peer group.
-- Built only when a scored policy names this peer group.
{{ config(
    enabled=customer_health.subject_is_built('account_health') and 'industry' in customer_health.needs_of_policies().peer_groups,
    materialized='table'
) }}
{{ customer_health.metric_bounds('industry') }}
