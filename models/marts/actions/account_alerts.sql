-- Grain: one alert that is open on as_of_date.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set settings = customer_health.alert_settings() %}
{%- set share = 'cast({} as decimal(9, 6))' %}

with alerts as (

    select * from {{ ref('alert_history') }}
    where is_open

),

rules as (

    select * from {{ ref('alert_rules') }}

),

trajectories as (

    select
        account_id,
        trajectory_state
    from {{ ref('account_trajectory') }}

),

-- What is unknown about an account does not lower its actionability.
accounts as (

    select
        account_id,
        account_name,
        owner_id,
        case when contacts_with_email is not null then contacts_with_email > 0 end as has_reachable_contact,
        case
            {%- if customer_health.personal_data() != 'drop' %}
            when owner_id is null then false
            {%- endif %}
            when owner_is_active is not null then owner_is_active = 1
        end as has_active_owner
    from {{ ref('stg_salesforce__accounts') }}

),
{% if customer_health.subject_is_built('customer_success') %}
customers as (

    select
        customer_id,
        name
    from {{ ref('customer_success_churn_risk') }}

),
{% endif %}
entity_values as (

    select * from {{ ref('int_alert_entity_values') }}

),

factors as (

    select
        alerts.*,
        rules.action,
        {% if customer_health.subject_is_built('customer_success') -%}
        case when alerts.entity_type = 'customer' then customers.name else accounts.account_name end as entity_name,
        {%- else -%}
        accounts.account_name as entity_name,
        {%- endif %}
        accounts.owner_id,
        accounts.has_reachable_contact,
        accounts.has_active_owner,
        trajectories.trajectory_state,
        entity_values.value_share is not null as is_value_known,
        coalesce(
            entity_values.value_share, {{ share.format(settings.unknown_value) }}
        ) as value_factor,
        case alerts.severity
            {%- for severity, urgency in settings.severities.items() %}
            when '{{ severity }}' then {{ share.format(urgency) }}
            {%- endfor %}
        end + case trajectories.trajectory_state
            {%- for state, addition in settings.trajectory_urgency.items() %}
            when '{{ state }}' then {{ share.format(addition) }}
            {%- endfor %}
            else {{ share.format(0) }}
        end as raised_urgency,
        {{ share.format('rules.actionability') }} as rule_actionability,
        coalesce(accounts.has_reachable_contact, true) and coalesce(accounts.has_active_owner, true)
            as can_be_acted_on
    from alerts
    inner join rules
        on alerts.rule_id = rules.rule_id
        and alerts.entity_type = rules.entity_type
    left join accounts
        on alerts.account_id = accounts.account_id
    {%- if customer_health.subject_is_built('customer_success') %}
    left join customers
        on alerts.entity_type = 'customer'
        and alerts.entity_id = customers.customer_id
    {%- endif %}
    left join trajectories
        on alerts.account_id = trajectories.account_id
    left join entity_values
        on alerts.entity_type = entity_values.entity_type
        and alerts.entity_id = entity_values.entity_id
    {{ customer_health.computed_once() }}

),

bounded as (

    select
        factors.*,
        case
            when raised_urgency > 1 then {{ share.format(1) }}
            else {{ share.format('raised_urgency') }}
        end as urgency,
        cast(
            rule_actionability * case
                when can_be_acted_on then {{ share.format(1) }}
                else {{ share.format(settings.without_contact_or_owner) }}
            end as decimal(9, 6)
        ) as actionability
    from factors
    {{ customer_health.computed_once() }}

),

-- Eight decimals hold each part exactly, 24 their product.
prioritised as (

    select
        bounded.*,
        {{ customer_health.as_of_date() }} as as_of_date,
        {%- set parts = [] %}
        {%- set columns = {'urgency': 'urgency', 'value': 'value_factor', 'actionability': 'actionability'} %}
        {%- for factor, column in columns.items() %}
        {%- do parts.append(
            'cast(1 - cast(' ~ settings.weights[factor] ~ ' as decimal(3, 2)) * (1 - ' ~ column ~ ') as decimal(9, 8))'
        ) %}
        {%- endfor %}
        cast({{ parts | join(' * ') }} as decimal(9, 6)) as priority
    from bounded
    {{ customer_health.computed_once() }}

),

priority_counts as (

    select
        as_of_date,
        -- Negative, so that smaller means a higher priority.
        cast(-1000000 * priority as {{ customer_health.type_double() }}) as place,
        count(*) as value_count
    from prioritised
    group by as_of_date, cast(-1000000 * priority as {{ customer_health.type_double() }})

),

places as (

    {{ customer_health.smaller_counts('priority_counts', ['as_of_date'], 'place') | indent(4) }}

),

ranked as (

    select
        prioritised.*,
        places.smaller_count + row_number() over (
            partition by prioritised.priority
            order by prioritised.opened_on, {{ customer_health.byte_order('prioritised.alert_id') }}
        ) as overall_rank,
        row_number() over (
            partition by prioritised.owner_id
            order by
                prioritised.priority desc,
                prioritised.opened_on,
                {{ customer_health.byte_order('prioritised.alert_id') }}
        ) as rank_of_owner
    from prioritised
    inner join places
        on cast(-1000000 * prioritised.priority as {{ customer_health.type_double() }}) = places.place
    {{ customer_health.computed_once() }}

)

select
    alert_id,
    cast(overall_rank as bigint) as rank,
    entity_type,
    entity_id,
    entity_name,
    account_id,
    rule_id,
    severity,
    driving_signals,
    action,
    opened_on,
    last_seen_on,
    days_open,
    reopened_on,
    reopened_count,
    opened_value,
    last_value,
    last_seen_on = {{ customer_health.as_of_date() }} as is_seen_on_as_of_date,
    trajectory_state,
    urgency,
    value_factor as value,
    is_value_known,
    has_reachable_contact,
    has_active_owner,
    actionability,
    priority,
    owner_id,
    cast(case when owner_id is not null then rank_of_owner end as bigint) as owner_rank,
    case when owner_id is not null then rank_of_owner <= {{ settings.owner_capacity }} end as is_within_capacity,
    as_of_date
from ranked
