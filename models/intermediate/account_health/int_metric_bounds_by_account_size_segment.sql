-- Grain: one as-of date and account_size_segment. Bounds over the accounts of that peer group.
-- Built only when a scored policy names this peer group.
{{ config(
    enabled=customer_health.subject_is_built('account_health') and 'account_size_segment' in customer_health.needs_of_policies().peer_groups,
    materialized='table'
) }}
{{ customer_health.metric_bounds('account_size_segment') }}
