-- Grain: one policy. The headline figures: distribution of the score, and how the forecast follows it.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set double = customer_health.type_double() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

policy_cells as (

    select * from {{ ref('int_policy_cells') }}

),

policies as (

    select policy from {{ ref('policies') }}

),

policy_tiers as (

    select * from {{ ref('policy_tiers') }}

),

summed as (

    select
        policy_cells.policy,
        cast(sum(policy_cells.account_count) as bigint) as account_count,
        cast(sum(policy_cells.scored_count) as bigint) as scored_count,
        cast(sum(policy_cells.score_sum) as decimal(38, 6)) as score_sum,
        min(policy_cells.min_health_score) as min_health_score,
        max(policy_cells.max_health_score) as max_health_score,
        sum(policy_cells.forecast_sum) as forecast_sum,
        cast(sum(case when policy_cells.is_low_health then policy_cells.account_count end) as bigint)
            as low_health_count,
        cast(sum(
            case when policy_cells.is_low_health and policy_tiers.tier is not null then policy_cells.account_count end
        ) as bigint) as low_health_top_tier_count
    from policy_cells
    left join policy_tiers
        on policy_cells.policy = policy_tiers.policy
        and policy_cells.contribution_tier = policy_tiers.tier
        and policy_tiers.position = 1
    group by policy_cells.policy

),

-- In whole millionths, a half between two scores is exact and rounds up.
-- The correlation is not defined where all scores or all forecasts are equal.
distributions as (

    {%- for policy in customer_health.policies() %}
    {%- set score = policy.name ~ '__health_score' %}
    {%- set forecast = policy.name ~ '__predicted_6m_revenue' %}
    select
        '{{ policy.name }}' as policy,
        {{ customer_health.exact_median('cast(' ~ score ~ ' * 1000000 as ' ~ double ~ ')') }} as median_millionths,
        case
            when min({{ score }}) < max({{ score }}) and min({{ forecast }}) < max({{ forecast }})
                then corr(cast({{ score }} as {{ double }}), cast({{ forecast }} as {{ double }}))
        end as health_forecast_correlation
    from accounts_scored
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    policies.policy,
    coalesce(summed.account_count, 0) as account_count,
    coalesce(summed.scored_count, 0) as scored_count,
    coalesce(summed.account_count - summed.scored_count, 0) as unscored_count,
    cast({{ customer_health.exact_mean('summed.score_sum', 'summed.scored_count') }} as decimal(9, 6))
        as mean_health_score,
    {{ customer_health.from_millionths('floor(distributions.median_millionths + 0.5)') }}
        as median_health_score,
    summed.min_health_score,
    summed.max_health_score,
    coalesce(summed.low_health_count, 0) as low_health_count,
    coalesce(summed.low_health_top_tier_count, 0) as low_health_top_tier_count,
    {{ customer_health.known_total('summed.forecast_sum', 'summed.account_count') }} as predicted_6m_revenue_total,
    {{ customer_health.to_decimal('distributions.health_forecast_correlation', 9) }} as health_forecast_correlation
from policies
left join summed
    on policies.policy = summed.policy
left join distributions
    on policies.policy = distributions.policy
