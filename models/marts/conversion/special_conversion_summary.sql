-- Grain: one row.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with customers as (

    select * from {{ ref('int_customers_classified') }}

),

averages as (

    select * from {{ ref('int_customer_averages') }}

),

cohort as (

    select
        count(*) as customer_count,
        count(case when is_special_conversion then 1 end) as member_count,
        count(case when is_special_by_row_average then 1 end) as member_count_row_average,
        {%- for score in ['recency', 'frequency', 'monetary'] %}
        count(case when is_special_conversion then {{ score }}_score end) as {{ score }}_count,
        cast(sum(case when is_special_conversion then {{ score }}_score end) as decimal(38, 6)) as {{ score }}_sum,
        {%- endfor %}
        count(case when is_special_conversion then ltv_difference end) as compared_count,
        cast(sum(case when is_special_conversion then ltv_difference end) as decimal(38, 6)) as difference_sum,
        cast(sum(
            case when is_special_conversion and ltv_difference is not null then tier_mean_ltv end
        ) as decimal(38, 6)) as tier_mean_sum,
        count(case when is_special_conversion then ltv_difference_from_others end) as compared_with_others_count,
        cast(sum(case when is_special_conversion then ltv_difference_from_others end) as decimal(38, 6))
            as difference_from_others_sum,
        cast(sum(
            case when is_special_conversion and ltv_difference_from_others is not null then tier_others_mean_ltv end
        ) as decimal(38, 6)) as others_mean_sum,
        count(case when is_special_conversion then zendesk_active end) as zendesk_known_count,
        count(case when is_special_conversion and zendesk_active = 1 then 1 end) as zendesk_active_count,
        cast(sum(
            case when is_special_conversion then {{ customer_health.to_decimal('sales_to_support_days') }} end
        ) as decimal(38, 6)) as sales_to_support_sum
    from customers

)

select
    {{ customer_health.as_of_date() }} as as_of_date,
    cohort.customer_count,
    cohort.member_count,
    {{ customer_health.exact_mean('averages.engagement_sum', 'averages.engagement_count') }}
        as engagement_average_customers,
    {{ customer_health.exact_mean('averages.source_row_engagement_sum', 'averages.source_row_count') }}
        as engagement_average_rows,
    cohort.member_count_row_average,
    {%- for score in ['recency', 'frequency', 'monetary'] %}
    {{ customer_health.exact_mean('cohort.' ~ score ~ '_sum', 'cohort.' ~ score ~ '_count') }} as mean_{{ score }},
    {%- endfor %}
    {{ customer_health.exact_mean('cohort.difference_sum', 'cohort.compared_count') }} as mean_ltv_difference,
    {{ customer_health.to_decimal(customer_health.safe_divide('cohort.difference_sum', 'cohort.tier_mean_sum')) }}
        as mean_ltv_difference_rate,
    {{ customer_health.exact_mean('cohort.difference_from_others_sum', 'cohort.compared_with_others_count') }}
        as mean_ltv_difference_from_others,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('cohort.difference_from_others_sum', 'cohort.others_mean_sum')
    ) }} as mean_ltv_difference_from_others_rate,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('cohort.zendesk_active_count', 'cohort.zendesk_known_count'), 9
    ) }} as zendesk_active_rate,
    {{ customer_health.exact_mean('cohort.sales_to_support_sum', 'cohort.member_count') }}
        as mean_sales_to_support_days,
    '{{ customer_health.ltv_source() }}' as ltv_source
from cohort
cross join averages
