-- Grain: one combination of platforms (in_marketo-in_stripe-in_zendesk); all eight, and Unclassified where it occurs.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

{%- set rows = [] %}
{%- for platforms, number_of_platforms in customer_health.platform_combinations().items() %}
{%- do rows.append([customer_health.sql_literal(platforms), number_of_platforms]) %}
{%- endfor %}

with customers as (

    select * from {{ ref('int_customers_classified') }}

),

combinations as (
    {{ customer_health.rows_as_table(
        {'platforms': customer_health.type_text(), 'number_of_platforms': 'integer'}, rows
    ) | indent(4) }}
    union all
    select
        'Unclassified' as platforms,
        cast(null as integer) as number_of_platforms
    from customers
    where platforms = 'Unclassified'
    group by platforms
),

counted as (

    select
        platforms,
        count(*) as customer_count,
        count(case when is_special_conversion then 1 end) as member_count,
        count(case when is_special_conversion then health_score end) as health_count,
        cast(sum(
            case when is_special_conversion then {{ customer_health.to_decimal('health_score') }} end
        ) as decimal(38, 6)) as health_sum
    from customers
    group by platforms

),

totals as (

    select sum(member_count) as member_count
    from counted

)

select
    combinations.platforms,
    combinations.number_of_platforms,
    coalesce(counted.member_count, 0) as member_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('coalesce(counted.member_count, 0)', 'totals.member_count'), 9
    ) }} as member_share,
    cast({{ customer_health.exact_mean('counted.health_sum', 'counted.health_count') }} as decimal(9, 6))
        as mean_health,
    coalesce(counted.customer_count, 0) as customer_count
from combinations
cross join totals
left join counted
    on combinations.platforms = counted.platforms
