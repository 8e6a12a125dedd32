-- Grain: one primary engagement channel, as the activity table or the funnel table names it.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with customers as (

    select * from {{ ref('int_customers_classified') }}

),

channels as (

    {%- for channel_source in ['activity', 'funnel'] %}
    select
        '{{ channel_source }}' as channel_source,
        coalesce({{ channel_source }}_channel, 'Unknown') as channel,
        is_special_conversion
    from customers
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        channel_source,
        channel,
        count(case when is_special_conversion then 1 end) as member_count,
        count(*) as customer_count
    from channels
    group by channel_source, channel

),

totals as (

    select
        channel_source,
        sum(member_count) as member_count,
        sum(customer_count) as customer_count
    from counted
    group by channel_source

)

select
    counted.channel_source,
    counted.channel,
    counted.member_count,
    {{ customer_health.to_decimal(customer_health.safe_divide('counted.member_count', 'totals.member_count'), 9) }}
        as member_share,
    counted.customer_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('counted.customer_count', 'totals.customer_count'), 9
    ) }} as customer_share
from counted
inner join totals
    on counted.channel_source = totals.channel_source
