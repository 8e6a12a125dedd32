-- Classes, tiers and revenue of the portfolio are those of the customers' marts, to the last digit. Of
-- customers whose record is partly unreadable there are opportunities, but no total.
{{ config(enabled=customer_health.subject_is_built('customer_success'), group='customer_health') }}

with portfolio as (

    select * from {{ ref('customer_success_portfolio') }}

),

compared as (

    select
        'health_customer_count' as figure,
        cast(health_customer_count as decimal(38, 6)) as observed,
        cast((select count(*) from {{ ref('customer_success_health') }}) as decimal(38, 6)) as expected
    from portfolio
    union all
    select
        'classes' as figure,
        cast(green_count + yellow_count + red_count as decimal(38, 6)) as observed,
        cast(health_scored_count as decimal(38, 6)) as expected
    from portfolio
    union all
    select
        'tiers' as figure,
        cast(
            critical_count + high_count + medium_count + low_count + churn_unscored_count as decimal(38, 6)
        ) as observed,
        cast((select count(*) from {{ ref('customer_success_churn_risk') }}) as decimal(38, 6)) as expected
    from portfolio
    union all
    select
        'total_estimated_revenue' as figure,
        cast(coalesce(total_estimated_revenue, 0) as decimal(38, 6)) as observed,
        cast((
            select coalesce(sum(opportunities.estimated_revenue), 0)
            from {{ ref('customer_success_opportunities') }} as opportunities
            inner join {{ ref('customer_success_expansion') }} as customers
                on opportunities.customer_id = customers.customer_id
            where customers.total_estimated_revenue is not null
        ) as decimal(38, 6)) as expected
    from portfolio

)

select
    figure,
    expected,
    observed
from compared
where observed <> expected
