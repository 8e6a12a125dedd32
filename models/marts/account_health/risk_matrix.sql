-- Grain: one policy, industry and size segment that holds accounts.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}
{{ customer_health.risk_table(['industry', 'account_size_segment']) }}
