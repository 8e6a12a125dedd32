-- Members of the cohort beside all other customers: where they differ besides the definition itself.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

with customers as (

    select * from {{ ref('customer_value_risk') }}

)

select
    is_special_conversion,
    count(*) as customer_count,
    avg(ltv) as mean_ltv,
    avg(health_score) as mean_health,
    avg(customer_value_index) as mean_value_index,
    avg(customer_risk_index) as mean_risk_index,
    avg(case when value_level = 'High' then 1.0 else 0.0 end) as high_value_share,
    avg(case when risk_level = 'High' then 1.0 else 0.0 end) as high_risk_share,
    avg(case when is_red_flag then 1.0 else 0.0 end) as red_flag_share
from customers
group by is_special_conversion
order by is_special_conversion desc
