-- Grain: one row, the currency of all amounts; empty where neither the setting nor the accounts name one.
{{ config(enabled=customer_health.any_subject_is_built()) }}

{{ customer_health.rows_as_table(
    {'currency': customer_health.type_text()}, [[customer_health.sql_literal(customer_health.base_currency())]]
) }}
