-- Grain: one policy, metric and cohort (low, not_low, all). Accounts without the metric do not count.
-- Medians are exact: of amounts of money from the values, of all other metrics from counts per value.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set policies = customer_health.policies() %}

with metric_totals as (

    select * from {{ ref('int_metric_totals') }}

),

value_counts as (

    select * from {{ ref('int_metric_value_counts') }}

),

cohorts as (
    {{ customer_health.low_health_cohorts() | indent(4) }}
),

summed as (

    select
        cohorts.policy,
        metric_totals.metric,
        cohorts.cohort,
        cast(sum(metric_totals.account_count) as bigint) as account_count,
        cast(sum(metric_totals.total) as decimal(38, 6)) as total
    from metric_totals
    inner join cohorts
        on {{ customer_health.is_in_cohort('cohorts') }}
    group by cohorts.policy, metric_totals.metric, cohorts.cohort

),

-- Every policy has every metric and cohort, also a cohort without accounts.
metrics as (

    {%- for metric in customer_health.account_metrics() %}
    select '{{ metric }}' as metric
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

averaged as (

    select
        cohorts.policy,
        metrics.metric,
        cohorts.cohort,
        coalesce(summed.account_count, 0) as account_count,
        {{ customer_health.exact_mean('summed.total', 'summed.account_count') }} as mean
    from cohorts
    cross join metrics
    left join summed
        on cohorts.policy = summed.policy
        and cohorts.cohort = summed.cohort
        and metrics.metric = summed.metric

),

cohort_counts as (

    select
        cohorts.policy,
        value_counts.metric,
        cohorts.cohort,
        value_counts.metric_value,
        sum(value_counts.account_count) as account_count
    from value_counts
    inner join cohorts
        on {{ customer_health.is_in_cohort('cohorts') }}
    group by cohorts.policy, value_counts.metric, cohorts.cohort, value_counts.metric_value

),

running as (

    select
        policy,
        metric,
        cohort,
        metric_value,
        sum(account_count) over (
            partition by policy, metric, cohort
            order by metric_value
            rows between unbounded preceding and current row
        ) as up_to_here,
        sum(account_count) over (partition by policy, metric, cohort) as measured_count
    from cohort_counts

),

-- The two values in the middle (one and the same for an odd count).
counted_medians as (

    select
        policy,
        metric,
        cohort,
        (
            min(case when 2 * up_to_here >= measured_count then metric_value end)
            + min(case when 2 * up_to_here > measured_count then metric_value end)
        ) / 2 as median
    from running
    group by policy, metric, cohort

),

money_medians as (

    {%- for metric in customer_health.money_metrics() %}
    select
        '{{ metric }}' as metric,
        {%- for policy in policies %}
        {%- set flag = customer_health.low_health_flag(policy) %}
        {{ customer_health.exact_median('case when ' ~ flag ~ ' then ' ~ metric ~ ' end') }}
            as {{ policy.name }}__low,
        {{ customer_health.exact_median('case when not (' ~ flag ~ ') then ' ~ metric ~ ' end') }}
            as {{ policy.name }}__not_low,
        {%- endfor %}
        {{ customer_health.exact_median(metric) }} as everyone
    from {{ ref('int_accounts_scored') }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

medians as (

    select * from counted_medians
    union all
    select
        cohorts.policy,
        money_medians.metric,
        cohorts.cohort,
        case
            when cohorts.cohort = 'all' then money_medians.everyone
            {%- for policy in policies %}
            when cohorts.policy = '{{ policy.name }}' and cohorts.cohort = 'low' then {{ policy.name }}__low
            when cohorts.policy = '{{ policy.name }}' then {{ policy.name }}__not_low
            {%- endfor %}
        end as median
    from money_medians
    cross join cohorts

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
    cast(medians.median as {{ customer_health.type_double() }}) as median,
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
