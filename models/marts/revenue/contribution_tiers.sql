-- Grain: one tier of one policy (every tier of the policy, and Unscored where such accounts exist).
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set current_date_literal = customer_health.current_slice_date() %}

with policy_cells as (

    select * from {{ ref('int_policy_cells') }}

),

policy_tiers as (

    select * from {{ ref('policy_tiers') }}

),

tier_cut_offs as (

    {%- for policy in customer_health.policies() %}
    {%- set outer = loop %}
    {%- for rung in policy.tiers %}
    select
        '{{ policy.name }}' as policy,
        '{{ rung.tier }}' as tier,
        {%- if loop.last %}
        cast(null as {{ customer_health.type_double() }}) as lower_bound
        {%- else %}
        max({{ policy.name }}__cut_off_{{ loop.index }}) as lower_bound
    from {{ ref('int_tier_cut_offs') }}
    where as_of_date = {{ current_date_literal }}
        {%- endif %}
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}

),

tiers as (

    select
        policy,
        tier
    from policy_tiers
    union
    select
        policy,
        contribution_tier as tier
    from policy_cells
    where contribution_tier = 'Unscored'

),

summed as (

    select
        policy,
        contribution_tier as tier,
        cast(sum(account_count) as bigint) as account_count,
        cast(sum(forecast_sum) as decimal(38, 6)) as forecast_sum,
        cast(sum(forecast_count) as bigint) as forecast_count,
        cast(sum(score_sum) as decimal(38, 6)) as score_sum,
        cast(sum(scored_count) as bigint) as scored_count
    from policy_cells
    group by policy, contribution_tier

),

totals as (

    select
        policy,
        sum(forecast_sum) as forecast_sum
    from summed
    group by policy

)

select
    tiers.policy,
    tiers.tier,
    tier_cut_offs.lower_bound,
    coalesce(summed.account_count, 0) as account_count,
    {{ customer_health.known_total('summed.forecast_sum', 'summed.account_count') }} as total,
    {{ customer_health.exact_mean('summed.forecast_sum', 'summed.forecast_count') }} as mean,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        customer_health.known_total('summed.forecast_sum', 'summed.account_count'), 'totals.forecast_sum'
    ), 9) }} as share,
    cast({{ customer_health.exact_mean('summed.score_sum', 'summed.scored_count') }} as decimal(9, 6))
        as mean_health
from tiers
left join summed
    on tiers.policy = summed.policy
    and tiers.tier = summed.tier
left join totals
    on tiers.policy = totals.policy
left join tier_cut_offs
    on tiers.policy = tier_cut_offs.policy
    and tiers.tier = tier_cut_offs.tier
