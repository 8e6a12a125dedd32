-- Grain: one policy and industry that holds accounts.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}
{{ customer_health.risk_table(['industry']) }}
