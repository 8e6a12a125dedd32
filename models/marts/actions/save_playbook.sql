-- Grain: one entry of the playbook of a save scenario. Written from the seeds.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set text = customer_health.type_text() %}

select
    scenario,
    'question' as entry_kind,
    cast(position as bigint) as position,
    cast(null as {{ text }}) as label,
    question as entry,
    cast(null as bigint) as due_days,
    cast(null as {{ text }}) as role
from {{ ref('save_scenario_questions') }}
union all
select
    scenario,
    'step' as entry_kind,
    cast(step as bigint) as position,
    cast(null as {{ text }}) as label,
    action as entry,
    cast(day as bigint) as due_days,
    owner_role as role
from {{ ref('save_scenario_steps') }}
union all
select
    scenario,
    'offer' as entry_kind,
    cast(position as bigint) as position,
    case when is_monetary then 'monetary' else 'not monetary' end as label,
    offer as entry,
    cast(null as bigint) as due_days,
    approver as role
from {{ ref('save_scenario_offers') }}
union all
select
    scenario,
    'message' as entry_kind,
    cast(case audience when 'csm' then 1 when 'executive' then 2 else 3 end as bigint) as position,
    audience as label,
    template as entry,
    cast(null as bigint) as due_days,
    cast(null as {{ text }}) as role
from {{ ref('save_scenario_messages') }}
union all
select
    scenario,
    'measure' as entry_kind,
    cast(position as bigint) as position,
    kind as label,
    measure as entry,
    cast(follow_up_days as bigint) as due_days,
    cast(null as {{ text }}) as role
from {{ ref('save_scenario_measures') }}
