-- Grain: one health band of one policy (every band of the policy, and Unscored).
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with policy_cells as (

    select * from {{ ref('int_policy_cells') }}

),

policy_bands as (

    select
        policy,
        band,
        position,
        at_least
    from {{ ref('policy_bands') }}
    union all
    select
        policy,
        'Unscored' as band,
        max(position) + 1 as position,
        cast(null as decimal(9, 6)) as at_least
    from {{ ref('policy_bands') }}
    group by policy

),

summed as (

    select
        policy,
        health_band,
        cast(sum(account_count) as bigint) as account_count,
        sum(forecast_sum) as forecast_sum
    from policy_cells
    group by policy, health_band

),

totals as (

    select
        policy,
        sum(account_count) as account_count
    from summed
    group by policy

)

select
    policy_bands.policy,
    policy_bands.band as health_band,
    policy_bands.position,
    policy_bands.at_least,
    coalesce(summed.account_count, 0) as account_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('coalesce(summed.account_count, 0)', 'totals.account_count'), 9
    ) }} as account_share,
    {{ customer_health.known_total('summed.forecast_sum', 'summed.account_count') }} as predicted_6m_revenue_total
from policy_bands
left join summed
    on policy_bands.policy = summed.policy
    and policy_bands.band = summed.health_band
left join totals
    on policy_bands.policy = totals.policy
