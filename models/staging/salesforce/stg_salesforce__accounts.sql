-- Grain: one account of the account view. Every column, trimmed, typed, bad values unknown (NULL).
{{ config(enabled=customer_health.subject_is_built('account_health')) }}
{{ customer_health.cleaned_accounts(
    ref('base_salesforce__accepted_accounts'),
    customer_health.source_columns(source('raw', 'salesforce__customer_360_view')),
    customer_health.as_of_date()
) }}
