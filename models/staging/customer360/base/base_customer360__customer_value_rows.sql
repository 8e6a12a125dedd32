-- Grain: one of the best two source rows of a key, or one source row without a key. row_rank 1 is kept.
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}
{{ customer_health.ranked_source_rows(
    source('customer360', 'customer360__customer_value_analysis'), customer_health.customer360_table('customer_value_analysis')
) }}
