-- Grain: one alert rule, and all of them: what became of its alerts.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set settings = customer_health.alert_settings() %}
{%- set text = customer_health.type_text() %}

with history as (

    select * from {{ ref('alert_history') }}

),

alerts as (

    select
        rule_id,
        alert_id,
        account_id,
        is_open,
        opened_on,
        reopened_count
    from history

    union all

    select
        cast('all' as {{ text }}) as rule_id,
        alert_id,
        account_id,
        is_open,
        opened_on,
        reopened_count
    from history

),

scopes as (

    select
        rule_id,
        position
    from {{ ref('alert_rules') }}

    union all

    select
        cast('all' as {{ text }}) as rule_id,
        cast(0 as bigint) as position

),

first_date as (

    select min(as_of_date) as first_as_of_date
    from {{ ref('alert_slices') }}

),

outcome_counts as (

    select count(*) as outcome_count
    from {{ ref('stg_outcomes__account_outcomes') }}

),

churns as (

    select
        outcomes.account_id,
        outcomes.outcome_date
    from {{ ref('stg_outcomes__account_outcomes') }} as outcomes
    cross join first_date
    where outcomes.outcome = 'churned'
        and outcomes.outcome_date > first_date.first_as_of_date

),

-- The first churn after an alert was opened is the one that it may have foretold.
followed as (

    select
        alerts.rule_id,
        alerts.alert_id,
        alerts.account_id,
        alerts.opened_on,
        min(churns.outcome_date) as churned_on
    from alerts
    inner join churns
        on alerts.account_id = churns.account_id
        and alerts.opened_on < churns.outcome_date
    group by alerts.rule_id, alerts.alert_id, alerts.account_id, alerts.opened_on

),

within_horizon as (

    select
        rule_id,
        alert_id,
        account_id,
        churned_on,
        {{ customer_health.days_between('opened_on', 'churned_on') }} as lead_days
    from followed
    where {{ customer_health.days_between('opened_on', 'churned_on') }} <= {{ settings.horizon_days }}
    {{ customer_health.computed_once() }}

),

alert_counts as (

    select
        alerts.rule_id,
        count(*) as opened_count,
        sum(case when alerts.is_open then 1 else 0 end) as open_count,
        sum(case when alerts.is_open then 0 else 1 end) as resolved_count,
        sum(alerts.reopened_count) as reopened_count,
        sum(
            case
                when
                    {{ customer_health.days_between('alerts.opened_on', customer_health.as_of_date()) }}
                    >= {{ settings.horizon_days }}
                    then 1
                else 0
            end
        ) as judged_count,
        sum(
            case
                when
                    within_horizon.alert_id is not null
                    and {{ customer_health.days_between('alerts.opened_on', customer_health.as_of_date()) }}
                    >= {{ settings.horizon_days }}
                    then 1
                else 0
            end
        ) as followed_count
    from alerts
    left join within_horizon
        on alerts.rule_id = within_horizon.rule_id
        and alerts.alert_id = within_horizon.alert_id
    group by alerts.rule_id

),

-- The notice that the first alert gave of a churn.
leads as (

    select
        rule_id,
        account_id,
        churned_on,
        max(lead_days) as lead_days
    from within_horizon
    group by rule_id, account_id, churned_on

),

leads_in_order as (

    select
        rule_id,
        lead_days,
        row_number() over (partition by rule_id order by lead_days) as place,
        count(*) over (partition by rule_id) as lead_count
    from leads

),

lead_figures as (

    select
        rule_id,
        max(lead_count) as lead_count,
        sum(case when 2 * place between lead_count and lead_count + 2 then lead_days else 0 end) as middle_sum,
        sum(case when 2 * place between lead_count and lead_count + 2 then 1 else 0 end) as middle_count,
        sum(case when lead_days >= {{ settings.notice_days.short }} then 1 else 0 end) as short_notice_count,
        sum(case when lead_days >= {{ settings.notice_days.long }} then 1 else 0 end) as long_notice_count
    from leads_in_order
    group by rule_id

),

churn_counts as (

    select count(*) as churn_count
    from churns

)

select
    scopes.rule_id,
    scopes.position,
    cast(coalesce(alert_counts.opened_count, 0) as bigint) as opened_count,
    cast(coalesce(alert_counts.open_count, 0) as bigint) as open_count,
    cast(coalesce(alert_counts.resolved_count, 0) as bigint) as resolved_count,
    cast(coalesce(alert_counts.reopened_count, 0) as bigint) as reopened_count,
    cast({{ settings.horizon_days }} as bigint) as horizon_days,
    case
        when outcome_counts.outcome_count = 0 then 'no outcomes'
        when coalesce(alert_counts.judged_count, 0) = 0 then 'too recent'
        else 'measured'
    end as status,
    {%- set measured = 'case when outcome_counts.outcome_count > 0 then {} end' %}
    cast({{ measured.format('coalesce(alert_counts.judged_count, 0)') }} as bigint) as judged_count,
    cast({{ measured.format('coalesce(alert_counts.followed_count, 0)') }} as bigint) as followed_count,
    {{ customer_health.to_decimal(
        measured.format(customer_health.safe_divide('alert_counts.followed_count', 'alert_counts.judged_count')), 9
    ) }} as precision_share,
    cast({{ measured.format('churn_counts.churn_count') }} as bigint) as churn_count,
    cast({{ measured.format('coalesce(lead_figures.lead_count, 0)') }} as bigint) as foretold_count,
    {{ customer_health.to_decimal(
        measured.format(
            customer_health.safe_divide('coalesce(lead_figures.lead_count, 0)', 'churn_counts.churn_count')
        ), 9
    ) }} as foretold_share,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('lead_figures.middle_sum', 'lead_figures.middle_count')
    ) }} as median_lead_days,
    cast({{ settings.notice_days.short }} as bigint) as short_notice_days,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('lead_figures.short_notice_count', 'lead_figures.lead_count'), 9
    ) }} as short_notice_share,
    cast({{ settings.notice_days.long }} as bigint) as long_notice_days,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('lead_figures.long_notice_count', 'lead_figures.lead_count'), 9
    ) }} as long_notice_share
from scopes
cross join outcome_counts
cross join churn_counts
left join alert_counts
    on scopes.rule_id = alert_counts.rule_id
left join lead_figures
    on scopes.rule_id = lead_figures.rule_id
