-- Fails for each condition of a save scenario that could never be met: a comparison that does not fit its kind of
-- source, a bound that is no number, a signal or a warning that does not exist.
{{ config(group='customer_health', enabled=customer_health.subject_is_built('actions')) }}

with rules as (

    select
        *,
        comparison in ('below', 'above', 'at_least', 'at_most') as is_numeric
    from {{ ref('save_scenario_rules') }}

)

select
    scenario as row_key,
    position,
    source_kind,
    source,
    comparison,
    threshold
from rules
where
    (source_kind = 'signal' and not is_numeric and comparison <> 'equals')
    or (source_kind = 'trajectory' and (comparison <> 'equals' or source <> 'trajectory_state'))
    or (source_kind in ('alert', 'warning') and comparison not in ('fired', 'severity_is'))
    or (is_numeric and {{ customer_health.text_to_double('threshold') }} is null)
    {%- if customer_health.subject_is_built('customer_success') %}
    or (source_kind = 'signal' and source not in (select signal_id from {{ ref('signal_catalogue') }}))
    or (source_kind = 'warning' and source not in (select source from {{ ref('customer_success_warning_rules') }}))
    {%- endif %}
