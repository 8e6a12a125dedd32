-- Grain: one signal that entered the scorecard of a scope in the first round of least squares.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{{ customer_health.scorecard_sweep('int_scorecard_first_moments', 'int_scorecard_first_round') }}
