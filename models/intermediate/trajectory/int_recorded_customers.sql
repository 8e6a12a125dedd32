-- Grain: one customer of the health, churn or expansion records, with its ARR (of the first that gives one).
{{ config(enabled=customer_health.customer_signals_are_built()) }}

with recorded as (

    select
        customer_id,
        {{ customer_health.to_decimal('arr') }} as health_arr,
        cast(null as decimal(28, 6)) as churn_arr,
        cast(null as decimal(28, 6)) as expansion_arr
    from {{ ref('stg_customer_success__health') }}
    union all
    select
        customer_id,
        cast(null as decimal(28, 6)) as health_arr,
        cast(arr as decimal(28, 6)) as churn_arr,
        cast(null as decimal(28, 6)) as expansion_arr
    from {{ ref('stg_customer_success__churn') }}
    union all
    select
        customer_id,
        cast(null as decimal(28, 6)) as health_arr,
        cast(null as decimal(28, 6)) as churn_arr,
        case when is_arr_given then {{ customer_health.to_decimal('arr') }} end as expansion_arr
    from {{ ref('stg_customer_success__expansion') }}

)

select
    customer_id,
    coalesce(max(health_arr), max(churn_arr), max(expansion_arr)) as arr
from recorded
group by customer_id
