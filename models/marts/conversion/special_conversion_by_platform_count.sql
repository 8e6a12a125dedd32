-- Grain: one number of platforms, 0 to 3.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with customers as (

    select * from {{ ref('int_customers_classified') }}
    where is_special_conversion

),

numbers as (
    {{ customer_health.rows_as_table({'number_of_platforms': 'integer'}, [[0], [1], [2], [3]]) | indent(4) }}
),

counted as (

    select
        number_of_platforms,
        count(*) as member_count,
        count(health_score) as health_count,
        cast(sum({{ customer_health.to_decimal('health_score') }}) as decimal(38, 6)) as health_sum
    from customers
    group by number_of_platforms

),

totals as (

    select count(*) as member_count
    from customers

)

select
    numbers.number_of_platforms,
    coalesce(counted.member_count, 0) as member_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('coalesce(counted.member_count, 0)', 'totals.member_count'), 9
    ) }} as member_share,
    cast({{ customer_health.exact_mean('counted.health_sum', 'counted.health_count') }} as decimal(9, 6)) as mean_health
from numbers
cross join totals
left join counted
    on numbers.number_of_platforms = counted.number_of_platforms
