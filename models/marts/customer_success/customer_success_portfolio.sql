-- Grain: one row: the portfolio under the three tools. Each tool counts the customers that it knows.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set classes = ['green', 'yellow', 'red'] %}
{%- set tiers = ['critical', 'high', 'medium', 'low'] %}
{%- set at_risk = "risk_tier in ('critical', 'high')" %}

with health as (

    select
        count(*) as customer_count,
        count(overall_score) as scored_count,
        cast(sum(overall_score) as decimal(28, 6)) as score_sum,
        count(coverage_aware_score) as coverage_aware_count,
        cast(sum(coverage_aware_score) as decimal(28, 6)) as coverage_aware_sum,
        cast(sum(signal_coverage) as decimal(28, 6)) as coverage_sum,
        {%- for class in classes %}
        count(case when classification = '{{ class }}' then 1 end) as {{ class }}_count,
        {%- endfor %}
        count(case when priority = 'critical' then 1 end) as critical_priority_count
    from {{ ref('customer_success_health') }}

),

means as (

    select
        {{ customer_health.double('score_sum') }}
            / {{ customer_health.double('nullif(scored_count, 0)') }} as mean_score,
        {{ customer_health.double('coverage_aware_sum') }}
            / {{ customer_health.double('nullif(coverage_aware_count, 0)') }} as mean_coverage_aware_score,
        {%- for class in classes %}
        cast({{ customer_health.exact_mean('cast(' ~ class ~ '_count as decimal(28, 6))', 'scored_count') }}
            as decimal(9, 6)) as {{ class }}_share,
        {%- endfor %}
        cast({{ customer_health.exact_mean('coverage_sum', 'customer_count') }} as decimal(9, 6))
            as mean_signal_coverage
    from health

),

mix as (

    select
        {%- for class in classes %}
        max(case when classification = '{{ class }}' then alert_below end) as {{ class }}_alert_below,
        max(case when classification = '{{ class }}' then alert_above end) as {{ class }}_alert_above
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('customer_success_portfolio_mix') }}

),

churn as (

    select
        count(*) as customer_count,
        {%- for tier in tiers %}
        count(case when risk_tier = '{{ tier }}' then 1 end) as {{ tier }}_count,
        {%- endfor %}
        count(case when risk_tier = 'unscored' then 1 end) as unscored_count,
        count(case when is_expired then 1 end) as expired_count,
        cast(sum(arr) as decimal(28, 6)) as arr,
        count(case when {{ at_risk }} then 1 end) as at_risk_count,
        cast(sum(case when {{ at_risk }} then arr end) as decimal(28, 6)) as arr_at_risk,
        count(case when {{ at_risk }} and arr is null then 1 end)
            as at_risk_without_arr_count
    from {{ ref('customer_success_churn_risk') }}

),

expansion as (

    select
        count(*) as customer_count,
        cast(sum(opportunity_count) as bigint) as opportunity_count,
        count(case when on_hold then 1 end) as on_hold_count,
        cast(sum(total_estimated_revenue) as decimal(28, 6)) as total_estimated_revenue,
        cast(sum(published_total_estimated_revenue) as decimal(28, 6)) as published_total_estimated_revenue,
        cast(sum(realistic_revenue) as decimal(28, 6)) as realistic_revenue
    from {{ ref('customer_success_expansion') }}

)

select
    {{ customer_health.as_of_date() }} as as_of_date,
    health.customer_count as health_customer_count,
    health.scored_count as health_scored_count,
    cast({{ customer_health.round_half_even_to_tenths('means.mean_score') }} as decimal(4, 1)) as average_score,
    cast({{ customer_health.round_half_even_to_tenths('means.mean_coverage_aware_score') }} as decimal(4, 1))
        as average_coverage_aware_score,
    means.mean_signal_coverage,
    {%- for class in classes %}
    health.{{ class }}_count,
    means.{{ class }}_share,
    case
        when means.{{ class }}_share is not null
            then coalesce(means.{{ class }}_share < mix.{{ class }}_alert_below, false)
                or coalesce(means.{{ class }}_share > mix.{{ class }}_alert_above, false)
    end as is_{{ class }}_alert,
    {%- endfor %}
    health.critical_priority_count,
    churn.customer_count as churn_customer_count,
    {%- for tier in tiers %}
    churn.{{ tier }}_count,
    {%- endfor %}
    churn.unscored_count as churn_unscored_count,
    churn.expired_count,
    churn.arr,
    churn.at_risk_count,
    {{ customer_health.known_total('churn.arr_at_risk', 'churn.at_risk_count') }} as arr_at_risk,
    churn.at_risk_without_arr_count,
    expansion.customer_count as expansion_customer_count,
    coalesce(expansion.opportunity_count, 0) as opportunity_count,
    expansion.on_hold_count,
    expansion.total_estimated_revenue,
    expansion.published_total_estimated_revenue,
    expansion.realistic_revenue
from health
cross join means
cross join mix
cross join churn
cross join expansion
