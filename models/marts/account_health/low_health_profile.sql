-- Grain: one policy, metric and cohort (low, not_low, all). Accounts without the metric do not count.
-- Medians are exact: of amounts of money from the values, of all other metrics from counts per value.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set double = customer_health.type_double() %}
{%- set policies = customer_health.policies() %}
{%- set cohorts = [] %}
{%- for policy in policies %}
{%- for cohort, condition in {
    'low': policy.name ~ '__is_low_health',
    'not_low': 'not ' ~ policy.name ~ '__is_low_health',
    'all': 'true',
}.items() %}
{%- do cohorts.append({'policy': policy.name, 'cohort': cohort, 'condition': condition}) %}
{%- endfor %}
{%- endfor %}

with accounts_scored as (

    select
        *
        {%- for policy in policies %},
        {{ customer_health.low_health_flag(policy) }} as {{ policy.name }}__is_low_health
        {%- endfor %}
    from {{ ref('int_accounts_scored') }}

),

metric_totals as (

    select * from {{ ref('int_metric_totals') }}

),

value_counts as (

    select * from {{ ref('int_metric_value_counts') }}

),

averaged as (

    {%- for cohort in cohorts %}
    {%- set outer = loop %}
    {%- for metric in customer_health.account_metrics() %}
    {%- set total = 'cast(sum(case when ' ~ cohort.condition ~ ' then ' ~ metric ~ '__total end) as decimal(38, 6))' %}
    {%- set counted = 'cast(coalesce(sum(case when ' ~ cohort.condition ~ ' then ' ~ metric ~ '__count end), 0) as bigint)' %}
    select
        '{{ cohort.policy }}' as policy,
        '{{ metric }}' as metric,
        '{{ cohort.cohort }}' as cohort,
        {{ counted }} as account_count,
        {{ customer_health.exact_mean(total, counted) }} as mean
    from metric_totals
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}

),

cohort_counts as (

    {%- for cohort in cohorts %}
    select
        '{{ cohort.policy }}' as policy,
        '{{ cohort.cohort }}' as cohort,
        metric,
        metric_value,
        sum(account_count) as account_count
    from value_counts
    where {{ cohort.condition }}
    group by metric, metric_value
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

running as (

    select
        policy,
        cohort,
        metric,
        metric_value,
        sum(account_count) over (
            partition by policy, cohort, metric
            order by metric_value
            rows between unbounded preceding and current row
        ) as up_to_here,
        sum(account_count) over (partition by policy, cohort, metric) as measured_count
    from cohort_counts

),

-- The two values in the middle (one and the same for an odd count).
counted_medians as (

    select
        policy,
        cohort,
        metric,
        (
            min(case when 2 * up_to_here >= measured_count then metric_value end)
            + min(case when 2 * up_to_here > measured_count then metric_value end)
        ) / 2 as median
    from running
    group by policy, cohort, metric

),

money_medians as (

    {%- for metric in customer_health.money_metrics() %}
    select
        '{{ metric }}' as metric
        {%- for policy in policies %}
        {%- set flag = policy.name ~ '__is_low_health' %},
        {{ customer_health.exact_median(
            'case when ' ~ flag ~ ' then cast(' ~ metric ~ ' as ' ~ double ~ ') end'
        ) }} as {{ policy.name }}__low,
        {{ customer_health.exact_median(
            'case when not ' ~ flag ~ ' then cast(' ~ metric ~ ' as ' ~ double ~ ') end'
        ) }} as {{ policy.name }}__not_low
        {%- endfor %},
        {{ customer_health.exact_median('cast(' ~ metric ~ ' as ' ~ double ~ ')') }} as everyone
    from accounts_scored
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

medians as (

    select
        policy,
        metric,
        cohort,
        median
    from counted_medians
    {%- for cohort in cohorts %}
    union all
    select
        '{{ cohort.policy }}' as policy,
        metric,
        '{{ cohort.cohort }}' as cohort,
        {{ 'everyone' if cohort.cohort == 'all' else cohort.policy ~ '__' ~ cohort.cohort }} as median
    from money_medians
    {%- endfor %}

),

all_accounts as (

    select * from averaged
    where cohort = 'all'

)

select
    averaged.policy,
    averaged.metric,
    averaged.cohort,
    averaged.account_count,
    averaged.mean,
    medians.median,
    cast(averaged.mean - all_accounts.mean as decimal(28, 6)) as difference_from_all,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        'averaged.mean - all_accounts.mean', 'all_accounts.mean'
    )) }} as relative_difference_from_all
from averaged
inner join all_accounts
    on averaged.policy = all_accounts.policy
    and averaged.metric = all_accounts.metric
left join medians
    on averaged.policy = medians.policy
    and averaged.metric = medians.metric
    and averaged.cohort = medians.cohort
