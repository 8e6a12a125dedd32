-- Grain: one customer360_id. Every column trimmed, typed, bad values unknown (NULL).
{{ config(enabled=customer_health.subject_is_built('conversion')) }}
{{ customer_health.cleaned_customer360_rows('mapping') }}
