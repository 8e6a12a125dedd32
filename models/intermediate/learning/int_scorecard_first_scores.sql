-- Grain: one label of the training period in a scope: its score under the weights of the first round.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{{ customer_health.scorecard_scores('int_scorecard_first_weights') }}
