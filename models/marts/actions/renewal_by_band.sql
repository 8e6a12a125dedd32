-- Grain: one health band of the active policy, and Unscored: what became of accounts that were in it.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set renewal = customer_health.brief_settings().renewal %}
{%- set policy = customer_health.active_policy() %}

with bands as (

    select
        health_band,
        position
    from {{ ref('health_bands') }}
    where policy = '{{ policy.name }}'

),

history as (

    select
        account_id,
        as_of_date,
        health_band
    from {{ ref('account_health_history') }}
    where policy = '{{ policy.name }}'

),

-- An account may renew and churn later: each event is an outcome of its own.
outcomes as (

    select distinct
        account_id,
        outcome_date,
        outcome,
        {{ customer_health.add_days('outcome_date', -renewal.days_before) }} as observed_until,
        {{ customer_health.add_days('outcome_date', -renewal.days_before - renewal.tolerance_days) }} as observed_from
    from {{ ref('stg_outcomes__account_outcomes') }}
    {{ customer_health.computed_once() }}

),

observed as (

    select
        history.health_band,
        outcomes.outcome,
        row_number() over (
            partition by outcomes.account_id, outcomes.outcome_date, outcomes.outcome
            order by history.as_of_date desc
        ) as age_rank
    from outcomes
    inner join history
        on outcomes.account_id = history.account_id
        and history.as_of_date between outcomes.observed_from and outcomes.observed_until

),

counted as (

    select
        health_band,
        count(*) as outcome_count,
        count(case when outcome <> 'churned' then 1 end) as renewed_count
    from observed
    where age_rank = 1
    group by health_band

)

select
    bands.health_band,
    cast(bands.position as bigint) as position,
    cast(coalesce(counted.outcome_count, 0) as bigint) as outcome_count,
    cast(coalesce(counted.renewed_count, 0) as bigint) as renewed_count,
    case
        when counted.outcome_count >= {{ renewal.min_outcomes }}
            then {{ customer_health.to_decimal(
                customer_health.safe_divide('counted.renewed_count', 'counted.outcome_count'), 9
            ) }}
    end as renewal_share,
    case
        when counted.outcome_count >= {{ renewal.min_outcomes }} then 'measured'
        else 'insufficient outcomes'
    end as status
from bands
left join counted
    on bands.health_band = counted.health_band
