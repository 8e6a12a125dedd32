-- Grain: one policy, metric and cohort (low, not_low, all). Accounts without the metric do not count.
-- Medians are exact: one pass per metric, so that memory holds the values of one metric at a time.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set metrics = [
    'days_since_last_activity', 'total_activities_30d', 'total_contacts', 'contacts_with_email',
    'contact_email_coverage', 'annual_revenue', 'total_won_amount', 'current_pipeline_amount',
    'win_rate_percentage', 'number_of_employees', 'account_age_days'
] %}

with policy_scores as (

    select * from {{ ref('int_policy_scores') }}

),

accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

summarised as (

    {%- for metric in metrics %}
    {%- set value = 'cast(' ~ metric ~ ' as ' ~ customer_health.type_double() ~ ')' %}
    select
        policy,
        '{{ metric }}' as metric,
        case when is_low_health then 'low' else 'not_low' end as cohort,
        count({{ metric }}) as account_count,
        sum({{ customer_health.to_decimal(value) }}) as total,
        {{ customer_health.exact_median(value) }} as median
    from policy_scores
    where health_score is not null
    group by policy, case when is_low_health then 'low' else 'not_low' end
    union all
    {%- endfor %}

    {#- All accounts are the same under every policy: summarised once, shown under each. #}
    {%- for metric in metrics %}
    {%- set value = 'cast(' ~ metric ~ ' as ' ~ customer_health.type_double() ~ ')' %}
    select
        cast(null as {{ customer_health.type_text() }}) as policy,
        '{{ metric }}' as metric,
        'all' as cohort,
        count({{ metric }}) as account_count,
        sum({{ customer_health.to_decimal(value) }}) as total,
        {{ customer_health.exact_median(value) }} as median
    from accounts_scored
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

averaged as (

    select
        policy,
        metric,
        cohort,
        account_count,
        {{ customer_health.exact_mean('total', 'account_count') }} as mean,
        median
    from summarised

),

all_accounts as (

    select * from averaged
    where cohort = 'all'

),

policies as (

    select policy from {{ ref('policies') }}

),

cohort_names as (

    select 'low' as cohort
    union all
    select 'not_low' as cohort
    union all
    select 'all' as cohort

),

-- Every policy has every metric and cohort, also a cohort without accounts.
cohorts as (

    select
        policies.policy,
        all_accounts.metric,
        cohort_names.cohort
    from policies
    cross join all_accounts
    cross join cohort_names

)

select
    cohorts.policy,
    cohorts.metric,
    cohorts.cohort,
    coalesce(averaged.account_count, 0) as account_count,
    averaged.mean,
    averaged.median,
    cast(averaged.mean - all_accounts.mean as decimal(28, 6)) as difference_from_all,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        'averaged.mean - all_accounts.mean', 'all_accounts.mean'
    )) }} as relative_difference_from_all
from cohorts
inner join all_accounts
    on cohorts.metric = all_accounts.metric
left join averaged
    on cohorts.metric = averaged.metric
    and cohorts.cohort = averaged.cohort
    and (cohorts.policy = averaged.policy or averaged.cohort = 'all')
