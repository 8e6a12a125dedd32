-- Grain: one score in a scope: what a label with it weighs in the first round of least squares.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

with scored as (

    select * from {{ ref('int_scorecard_sums') }}

),

{{ customer_health.scorecard_round('scored') }}
