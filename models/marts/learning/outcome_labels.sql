-- Grain: one account on one label date, and on the current date (period open, no label yet).
-- Left out are accounts that had churned by then.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set settings = customer_health.learning_settings() %}
{%- set horizon = settings.horizon_days | int %}

with accounts as (

    select
        accounts.as_of_date,
        accounts.account_id,
        accounts.segment,
        dates.period
    from {{ ref('int_learning_accounts') }} as accounts
    inner join {{ ref('int_learning_dates') }} as dates
        on accounts.as_of_date = dates.as_of_date

),

outcomes as (

    select * from {{ ref('stg_outcomes__account_outcomes') }}

),

-- The first churn counts: a customer that came back is another one.
first_churns as (

    select
        account_id,
        min(outcome_date) as churned_on
    from outcomes
    where outcome = 'churned'
    group by account_id

),

churns as (

    select
        first_churns.account_id,
        first_churns.churned_on,
        outcomes.arr,
        outcomes.reason
    from first_churns
    inner join outcomes
        on first_churns.account_id = outcomes.account_id
        and first_churns.churned_on = outcomes.outcome_date
    where outcomes.outcome = 'churned'

),

-- Of the other events within the horizon the last one names the outcome.
other_events as (

    select
        accounts.as_of_date,
        accounts.account_id,
        outcomes.outcome,
        outcomes.arr,
        outcomes.reason,
        row_number() over (
            partition by accounts.as_of_date, accounts.account_id
            order by outcomes.outcome_date desc, outcomes.outcome asc
        ) as place
    from accounts
    inner join outcomes
        on accounts.account_id = outcomes.account_id
        and accounts.as_of_date < outcomes.outcome_date
    where accounts.period <> 'open'
        and outcomes.outcome <> 'churned'
        and {{ customer_health.days_between('accounts.as_of_date', 'outcomes.outcome_date') }} <= {{ horizon }}

),

labelled as (

    select
        accounts.as_of_date,
        accounts.account_id,
        accounts.segment,
        accounts.period,
        case
            when accounts.period <> 'open'
                then coalesce(
                    {{ customer_health.days_between('accounts.as_of_date', 'churns.churned_on') }} <= {{ horizon }},
            false
                )
        end as is_churned,
        churns.churned_on,
        churns.arr,
        churns.reason
    from accounts
    left join churns
        on accounts.account_id = churns.account_id
    where churns.churned_on is null
        or accounts.as_of_date < churns.churned_on
    {{ customer_health.computed_once() }}

)

select
    labelled.as_of_date,
    labelled.account_id,
    labelled.segment,
    labelled.period,
    labelled.is_churned,
    case when labelled.is_churned then labelled.churned_on end as churned_on,
    case
        when labelled.is_churned then {{ customer_health.days_between('labelled.as_of_date', 'labelled.churned_on') }}
    end as days_to_churn,
    case when labelled.is_churned then 'churned' else other_events.outcome end as outcome,
    case when labelled.is_churned then labelled.arr else other_events.arr end as arr,
    case when labelled.is_churned then labelled.reason else other_events.reason end as reason
from labelled
left join other_events
    on labelled.as_of_date = other_events.as_of_date
    and labelled.account_id = other_events.account_id
    and other_events.place = 1
