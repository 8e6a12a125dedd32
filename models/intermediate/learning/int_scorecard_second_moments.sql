-- Grain: one pair of bins of two signals (or of one) in a scope: sums of the second round of least squares.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{{ customer_health.scorecard_moments('int_scorecard_first_scores', 'int_scorecard_second_round') }}
