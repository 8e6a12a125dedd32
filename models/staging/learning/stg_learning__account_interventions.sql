-- Grain: one account, play, scenario and day on which the play began or was withheld, up to as_of_date.
{{ config(enabled=customer_health.subject_is_built('learning')) }}

select
    account_id,
    started_on,
    play,
    coalesce(scenario, 'Unknown') as scenario,
    is_hold_out,
    outcome
from {{ ref('base_learning__intervention_rows') }}
where rejection is null
