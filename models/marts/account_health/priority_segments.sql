-- Grain: one row of the priority list of one policy: each High-risk cell, then the two rules over the rest.
-- Every low-health account is counted in exactly one row (the first that it meets).
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set highest_level = customer_health.risk_levels()[0].risk_level %}

with policy_cells as (

    select * from {{ ref('int_policy_cells') }}

),

risk_matrix as (

    select * from {{ ref('risk_matrix') }}

),

policy_tiers as (

    select * from {{ ref('policy_tiers') }}

),

rules as (

    select * from {{ ref('priority_segment_rules') }}

),

policies as (

    select policy from {{ ref('policies') }}

),

low_health as (

    select
        policy,
        industry,
        account_size_segment,
        contribution_tier,
        sum(account_count) as account_count,
        sum(forecast_sum) as forecast_sum
    from policy_cells
    where is_low_health
    group by policy, industry, account_size_segment, contribution_tier

),

assigned as (

    select
        low_health.policy,
        case
            when risk_matrix.risk_level = '{{ highest_level }}' then 'high_risk_cells'
            when policy_tiers.tier is not null then 'high_value_low_health'
            else 'long_tail'
        end as rule_id,
        case
            when risk_matrix.risk_level = '{{ highest_level }}'
                then low_health.industry
        end as industry,
        case
            when risk_matrix.risk_level = '{{ highest_level }}'
                then low_health.account_size_segment
        end as account_size_segment,
        low_health.account_count,
        low_health.forecast_sum
    from low_health
    inner join risk_matrix
        on low_health.policy = risk_matrix.policy
        and low_health.industry = risk_matrix.industry
        and low_health.account_size_segment = risk_matrix.account_size_segment
    left join policy_tiers
        on low_health.policy = policy_tiers.policy
        and low_health.contribution_tier = policy_tiers.tier
        and policy_tiers.position = 1

),

summed as (

    select
        policy,
        rule_id,
        industry,
        account_size_segment,
        sum(account_count) as account_count,
        sum(forecast_sum) as forecast_sum
    from assigned
    group by policy, rule_id, industry, account_size_segment

),

listed as (

    select
        policies.policy,
        rules.priority,
        rules.rule_id,
        rules.name,
        summed.industry,
        summed.account_size_segment,
        rules.definition,
        rules.treatment,
        rules.owner_role,
        rules.cadence,
        cast(coalesce(summed.account_count, 0) as bigint) as account_count,
        {{ customer_health.known_total('summed.forecast_sum', 'summed.account_count') }}
            as predicted_6m_revenue_total
    from policies
    cross join rules
    left join summed
        on policies.policy = summed.policy
        and rules.rule_id = summed.rule_id

)

select
    policy,
    cast(row_number() over (
        partition by policy
        order by
            priority asc,
            account_count desc,
            {{ customer_health.byte_order('industry') }} asc nulls last,
            {{ customer_health.byte_order('account_size_segment') }} asc nulls last
    ) as bigint) as position,
    priority,
    rule_id,
    name,
    industry,
    account_size_segment,
    definition,
    treatment,
    owner_role,
    cadence,
    account_count,
    predicted_6m_revenue_total
from listed
