-- Grain: one account or customer and action of its plan.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set plans = customer_health.plan_settings() %}
{%- set customer_success_is_built = customer_health.subject_is_built('customer_success') %}
{%- set policy = customer_health.active_policy() %}
{%- set sources = [] %}
{%- for source in plans.sources if source != 'risk_tier' or customer_success_is_built %}
{%- do sources.append(source) %}
{%- endfor %}
{%- set risk_tiers = plans.risk_tiers | join("', '") %}
{%- set text = customer_health.type_text() %}
{%- set owner_role = customer_health.text_literal(plans.default_owner_role) %}

with accounts as (

    select * from {{ ref('account_health') }}

),

gaps as (

    select * from {{ ref('int_account_metric_gaps') }}

),

targeted as (

    select
        *,
        {{ customer_health.double(
            "case when target_kind = 'absolute' then target_value else target_value * 100 end"
        ) }} as target_number
    from {{ ref('segment_prescriptions') }}
    where policy = '{{ policy.name }}'
    {{ customer_health.computed_once() }}

),

prescriptions as (

    select
        *,
        {{ customer_health.number_text('target_number') }}
            as target_text
    from targeted

),
{%- if customer_success_is_built %}

-- A customer of several accounts stands with its main one.
customer_accounts as (

    select
        customer_id,
        account_id
    from {{ ref('int_account_customers') }}
    where account_rank = 1

),
{%- endif %}

-- Actions of all playbooks: source_place orders those of one playbook.
actions as (

    -- The typed head of the union: no playbook may be switched on.
    select
        cast(null as {{ text }}) as entity_type,
        cast(null as {{ text }}) as entity_id,
        cast(null as integer) as source_rank,
        cast(null as bigint) as source_place,
        cast(null as bigint) as step,
        cast(null as {{ text }}) as source_playbook,
        cast(null as {{ text }}) as source_key,
        cast(null as {{ text }}) as action,
        cast(null as {{ text }}) as why,
        cast(null as {{ text }}) as owner_role,
        cast(null as bigint) as due_days,
        cast(null as {{ text }}) as effect_metric,
        cast(null as {{ text }}) as effect_text
    where false
    {%- for source in sources %}
    union all
    {%- if source == 'alert' %}
    select
        alerts.entity_type,
        alerts.entity_id,
        {{ loop.index }} as source_rank,
        alerts.rank as source_place,
        cast(1 as bigint) as step,
        'alert' as source_playbook,
        alerts.rule_id as source_key,
        alerts.action,
        alerts.driving_signals as why,
        {{ owner_role }} as owner_role,
        cast(
            case alerts.severity
                {%- for severity, days in plans.alert_due_days.items() %}
                when '{{ severity }}' then {{ days }}
                {%- endfor %}
                else {{ plans.alert_due_days.low }}
            end as bigint
        ) as due_days,
        -- The first of the signals is the measure that fired.
        split_part(alerts.driving_signals, ' ', 1) as effect_metric,
        'the alert closes' as effect_text
    from {{ ref('account_alerts') }} as alerts
    {%- elif source == 'save_scenario' %}
    select
        matches.entity_type,
        matches.entity_id,
        {{ loop.index }} as source_rank,
        matches.match_rank as source_place,
        cast(steps.step as bigint) as step,
        'save_scenario' as source_playbook,
        matches.scenario as source_key,
        steps.action,
        matches.fired_signals as why,
        steps.owner_role,
        cast(steps.day as bigint) as due_days,
        matches.kpi_metric as effect_metric,
        matches.goal as effect_text
    from {{ ref('save_scenario_matches') }} as matches
    inner join {{ ref('save_scenario_steps') }} as steps
        on matches.scenario = steps.scenario
    where matches.is_in_plan
    {%- elif source == 'risk_tier' %}
    select
        'customer' as entity_type,
        risk.customer_id as entity_id,
        {{ loop.index }} as source_rank,
        cast(1 as bigint) as source_place,
        cast(playbooks.step as bigint) as step,
        'risk_tier' as source_playbook,
        risk.risk_tier as source_key,
        playbooks.action,
        'churn risk ' || cast(risk.risk_score as {{ text }}) || ' (' || risk.risk_tier || ')' as why,
        {{ owner_role }} as owner_role,
        -- A step before the renewal is counted back from it; what should have begun is due now.
        case
            when playbooks.counted_from = 'as_of_date' then cast(playbooks.days_from as bigint)
            when risk.days_to_renewal + playbooks.days_from > 0 then risk.days_to_renewal + playbooks.days_from
            when risk.days_to_renewal is not null then cast(0 as bigint)
        end as due_days,
        cast(null as {{ text }}) as effect_metric,
        playbooks.goal as effect_text
    from {{ ref('customer_success_churn_risk') }} as risk
    inner join {{ ref('risk_tier_playbooks') }} as playbooks
        on risk.risk_tier = playbooks.risk_tier
    where
        (playbooks.counted_from = 'as_of_date' or risk.days_to_renewal is not null)
        and risk.risk_tier in ('{{ risk_tiers }}')
    {%- elif source == 'segment_prescription' %}
    select
        'account' as entity_type,
        accounts.account_id as entity_id,
        {{ loop.index }} as source_rank,
        cast(prescriptions.priority as bigint) as source_place,
        cast(prescriptions.prescription_rank as bigint) as step,
        'segment_prescription' as source_playbook,
        accounts.industry || ', ' || accounts.account_size_segment as source_key,
        prescriptions.prescription as action,
        accounts.health_band || ' health in ' || accounts.industry || ', ' || accounts.account_size_segment
        || ' (risk ' || prescriptions.risk_level || ')' as why,
        prescriptions.owner_role,
        cast({{ plans.prescription_due_days }} as bigint) as due_days,
        prescriptions.kpi_metric as effect_metric,
        prescriptions.kpi_metric || ': ' || prescriptions.kpi_direction
        || case when prescriptions.target_kind = 'absolute' then ' to ' else ' by ' end
        || prescriptions.target_text
        || case when prescriptions.target_kind = 'absolute' then '' else ' %' end as effect_text
    from accounts
    inner join prescriptions
        on accounts.industry = prescriptions.industry
        and accounts.account_size_segment = prescriptions.account_size_segment
    where accounts.health_band = {{ customer_health.text_literal(policy.bands[-1].band) }}
    {%- elif source == 'strategy_matrix' %}
    select
        'account' as entity_type,
        accounts.account_id as entity_id,
        {{ loop.index }} as source_rank,
        cast(1 as bigint) as source_place,
        cast(strategies.action_rank as bigint) as step,
        'strategy_matrix' as source_playbook,
        accounts.health_band || ', ' || accounts.account_size_segment as source_key,
        strategies.action,
        'health ' || cast(cast(accounts.health_score as decimal(9, 1)) as {{ text }})
        || ' (' || accounts.health_band || '), ' || accounts.account_size_segment as why,
        strategies.owner_role,
        cast(
            case strategies.cadence
                {%- for cadence, days in plans.cadence_due_days.items() %}
                when '{{ cadence }}' then {{ days }}
                {%- endfor %}
            end as bigint
        ) as due_days,
        strategies.kpi_metric as effect_metric,
        strategies.kpi_metric || ' ' || strategies.kpi_target as effect_text
    from accounts
    inner join {{ ref('strategy_matrix') }} as strategies
        on accounts.policy = strategies.policy
        and accounts.health_band = strategies.health_band
        and accounts.account_size_segment = strategies.account_size_segment
    {%- endif %}
    {%- endfor %}

),

-- An action that two playbooks ask for is done once.
distinct_actions as (

    select
        *,
        row_number() over (
            partition by entity_type, entity_id, action
            order by source_rank, source_place, step, {{ customer_health.byte_order('source_key') }}
        ) as copy_number
    from actions
    {{ customer_health.computed_once() }}

),

kept_first as (

    select
        *,
        row_number() over (
            partition by entity_type, entity_id
            order by source_rank, source_place, step, {{ customer_health.byte_order('source_key') }}
        ) as precedence
    from distinct_actions
    where copy_number = 1
    {{ customer_health.computed_once() }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by entity_type, entity_id
            order by due_days, precedence
        ) as position
    from kept_first
    where precedence <= {{ plans.actions_at_most }}
    {{ customer_health.computed_once() }}

)

select
    {{ customer_health.as_of_date() }} as as_of_date,
    ordered.entity_type,
    ordered.entity_id,
    {%- if customer_success_is_built %}
    case
        when ordered.entity_type = 'account' then ordered.entity_id
        else customer_accounts.account_id
    end as account_id,
    {%- else %}
    ordered.entity_id as account_id,
    {%- endif %}
    cast(ordered.position as bigint) as position,
    ordered.action,
    ordered.why,
    ordered.owner_role,
    {{ customer_health.add_days(customer_health.as_of_date(), 'ordered.due_days') }} as due_on,
    ordered.due_days,
    ordered.effect_metric,
    gaps.points_to_median as expected_points,
    case
        -- Less would read as +0.0 points.
        when gaps.points_to_median >= 0.05
            then
                '+' || cast(cast(gaps.points_to_median as decimal(9, 1)) as {{ text }}) || ' points if ' || gaps.metric
                || ' reaches the median of the segment'
        else ordered.effect_text
    end as expected_effect,
    ordered.source_playbook,
    ordered.source_key,
    ordered.step as source_step
from ordered
left join gaps
    on ordered.entity_type = 'account'
    and ordered.entity_id = gaps.account_id
    and ordered.effect_metric = gaps.metric
{%- if customer_success_is_built %}
left join customer_accounts
    on ordered.entity_type = 'customer'
    and ordered.entity_id = customer_accounts.customer_id
{%- endif %}
