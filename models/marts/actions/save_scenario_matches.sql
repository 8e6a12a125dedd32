-- Grain: one account (or customer without an account) and save scenario that its signals point to.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set plans = customer_health.plan_settings() %}
{%- set customer_success_is_built = customer_health.subject_is_built('customer_success') %}
{%- set severities = ['critical', 'high', 'medium', 'low'] %}
{%- set shown = 5 %}
{%- set text = customer_health.type_text() %}
{%- set double = customer_health.type_double() %}

with scenarios as (

    select * from {{ ref('save_scenarios') }}

),

rules as (

    select
        *,
        case
            when comparison in ('below', 'above', 'at_least', 'at_most')
                then {{ customer_health.text_to_double('threshold') }}
        end as bound
    from {{ ref('save_scenario_rules') }}
    {{ customer_health.computed_once() }}

),

known as (

    select
        'account' as entity_type,
        account_id as entity_id,
        'signal' as source_kind,
        signal_id as source,
        cast(value as {{ double }}) as number_value,
        cast(value_text as {{ text }}) as label_value,
        cast(null as {{ text }}) as severity
    from {{ ref('account_signal_states') }}
    where
        as_of_date = {{ customer_health.as_of_date() }}
        and state in ('measured', 'measured_zero')

    union all

    select
        entity_type,
        entity_id,
        'alert' as source_kind,
        rule_id as source,
        cast(null as {{ double }}) as number_value,
        cast(null as {{ text }}) as label_value,
        severity
    from {{ ref('account_alerts') }}
    where entity_type = 'account'

    union all

    select
        'account' as entity_type,
        account_id as entity_id,
        'trajectory' as source_kind,
        'trajectory_state' as source,
        cast(null as {{ double }}) as number_value,
        trajectory_state as label_value,
        cast(null as {{ text }}) as severity
    from {{ ref('account_trajectory') }}
    where is_in_newest_slice
    {%- if customer_success_is_built %}

    union all

    -- What is known of a customer counts for its main account, and for itself only where it has none.
    select
        case when account_customers.account_id is null then 'customer' else 'account' end as entity_type,
        coalesce(account_customers.account_id, warnings.customer_id) as entity_id,
        'warning' as source_kind,
        warnings.source,
        cast(null as {{ double }}) as number_value,
        warnings.value as label_value,
        warnings.severity
    from {{ ref('customer_success_warnings') }} as warnings
    left join {{ ref('int_account_customers') }} as account_customers
        on warnings.customer_id = account_customers.customer_id
        and account_customers.account_rank = 1
    {%- endif %}

),

fired as (

    select
        known.entity_type,
        known.entity_id,
        rules.scenario,
        rules.source_kind,
        rules.source,
        rules.position,
        rules.weight,
        case
            {%- for severity in severities %}
            when known.severity = '{{ severity }}' then {{ loop.index }}
            {%- endfor %}
        end as severity_rank,
        case rules.source_kind
            when 'signal'
                then
                    rules.source || ' '
                    || case
                        when rules.bound is null then known.label_value
                        else
                            {{ customer_health.number_text('known.number_value') }} || ' ('
                            || replace(rules.comparison, '_', ' ') || ' ' || rules.threshold || ')'
                    end
            when 'alert' then 'alert ' || rules.source
            when 'trajectory' then 'trajectory ' || known.label_value
            else rules.source || ' ' || known.label_value || ' (' || known.severity || ')'
        end as signal_text
    from known
    inner join rules
        on known.source_kind = rules.source_kind
        and known.source = rules.source
    where
        case rules.comparison
            when 'below' then known.number_value < rules.bound
            when 'above' then known.number_value > rules.bound
            when 'at_least' then known.number_value >= rules.bound
            when 'at_most' then known.number_value <= rules.bound
            when 'equals' then known.label_value = rules.threshold
            when 'severity_is' then known.severity = rules.threshold
            when 'fired' then rules.source_kind in ('alert', 'warning')
        end
    {{ customer_health.computed_once() }}

),

-- An account may have two customers with the same warning: the most severe one counts.
distinct_conditions as (

    select
        *,
        row_number() over (
            partition by entity_type, entity_id, scenario, position
            order by severity_rank, {{ customer_health.byte_order('signal_text') }}
        ) as place
    from fired

),

-- A source that several conditions look at is shown once, with all of their weights.
sources as (

    select
        entity_type,
        entity_id,
        scenario,
        source_kind,
        source,
        cast(sum(weight) as bigint) as weight,
        min(position) as position,
        count(*) as condition_count
    from distinct_conditions
    where place = 1
    group by entity_type, entity_id, scenario, source_kind, source

),

ordered_sources as (

    select
        sources.*,
        distinct_conditions.signal_text,
        row_number() over (
            partition by sources.entity_type, sources.entity_id, sources.scenario
            order by sources.weight desc, sources.position asc
        ) as place
    from sources
    inner join distinct_conditions
        on sources.entity_type = distinct_conditions.entity_type
        and sources.entity_id = distinct_conditions.entity_id
        and sources.scenario = distinct_conditions.scenario
        and sources.position = distinct_conditions.position
        and distinct_conditions.place = 1

),

matched as (

    select
        entity_type,
        entity_id,
        scenario,
        cast(sum(weight) as bigint) as match_strength,
        count(*) as fired_count
        {%- for number in range(1, shown + 1) %},
        max(case when place = {{ number }} then signal_text end) as signal_{{ number }}
        {%- endfor %}
    from ordered_sources
    group by entity_type, entity_id, scenario
    {{ customer_health.computed_once() }}

),

ranked as (

    select
        matched.*,
        scenarios.name,
        scenarios.goal,
        scenarios.kpi_metric,
        row_number() over (
            partition by matched.entity_type, matched.entity_id
            order by matched.match_strength desc, scenarios.position asc
        ) as match_rank
    from matched
    inner join scenarios
        on matched.scenario = scenarios.scenario
    where matched.match_strength >= {{ plans.match_at_least }}
    {{ customer_health.computed_once() }}

)

select
    {{ customer_health.as_of_date() }} as as_of_date,
    entity_type,
    entity_id,
    scenario,
    name as scenario_name,
    goal,
    nullif(kpi_metric, 'none') as kpi_metric,
    cast(match_rank as bigint) as match_rank,
    match_rank <= {{ plans.scenarios_in_plan }} and match_strength >= {{ plans.plan_at_least }} as is_in_plan,
    match_strength,
    cast(fired_count as bigint) as fired_count,
    {{ customer_health.joined_texts('signal_', shown) }}
    || case
        when fired_count > {{ shown }}
            then ' and ' || cast(fired_count - {{ shown }} as {{ text }}) || ' more'
        else ''
    end as fired_signals
from ranked
