-- Grain: one policy. The headline figures: distribution of the score, and how the forecast follows it.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set double = customer_health.type_double() %}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

),

policies as (

    select policy from {{ ref('policies') }}

),

policy_tiers as (

    select * from {{ ref('policy_tiers') }}

),

summed as (

    select
        policy_scores.policy,
        count(*) as account_count,
        count(policy_scores.health_score) as scored_count,
        sum(policy_scores.health_score) as score_sum,
        -- In whole millionths, a half between two scores is exact and rounds up.
        {{ customer_health.exact_median('cast(policy_scores.health_score * 1000000 as ' ~ double ~ ')') }}
            as median_millionths,
        min(policy_scores.health_score) as min_health_score,
        max(policy_scores.health_score) as max_health_score,
        {{ customer_health.known_total('policy_scores.predicted_6m_revenue') }} as predicted_6m_revenue_total,
        -- Not defined where all scores or all forecasts are equal.
        case
            when min(policy_scores.health_score) < max(policy_scores.health_score)
                and min(policy_scores.predicted_6m_revenue) < max(policy_scores.predicted_6m_revenue)
                then corr(
                    cast(policy_scores.health_score as {{ double }}),
                    cast(policy_scores.predicted_6m_revenue as {{ double }})
                )
        end as health_forecast_correlation,
        count(case when policy_scores.is_low_health then 1 end) as low_health_count,
        count(case when policy_scores.is_low_health and policy_tiers.tier is not null then 1 end)
            as low_health_top_tier_count
    from policy_scores
    left join policy_tiers
        on policy_scores.policy = policy_tiers.policy
        and policy_scores.contribution_tier = policy_tiers.tier
        and policy_tiers.position = 1
    group by policy_scores.policy

)

select
    policies.policy,
    coalesce(summed.account_count, 0) as account_count,
    coalesce(summed.scored_count, 0) as scored_count,
    coalesce(summed.account_count - summed.scored_count, 0) as unscored_count,
    cast({{ customer_health.exact_mean('summed.score_sum', 'summed.scored_count') }} as decimal(9, 6))
        as mean_health_score,
    {{ customer_health.from_millionths('cast(floor(summed.median_millionths + 0.5) as integer)') }}
        as median_health_score,
    summed.min_health_score,
    summed.max_health_score,
    coalesce(summed.low_health_count, 0) as low_health_count,
    coalesce(summed.low_health_top_tier_count, 0) as low_health_top_tier_count,
    case when summed.policy is null then cast(0 as decimal(38, 6)) else summed.predicted_6m_revenue_total end
        as predicted_6m_revenue_total,
    {{ customer_health.to_decimal('summed.health_forecast_correlation', 9) }} as health_forecast_correlation
from policies
left join summed
    on policies.policy = summed.policy
