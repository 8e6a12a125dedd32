-- Grain: one customer on as_of_date: what rules can compare. NULL is unknown.
{{ config(
    enabled=customer_health.subject_is_built('actions') and customer_health.subject_is_built('customer_success')
) }}

{%- set measures = customer_health.alert_measures('customer') %}

with risks as (

    select * from {{ ref('customer_success_churn_risk') }}

),

health as (

    select * from {{ ref('customer_success_health') }}

)

select
    {{ customer_health.as_of_date() }} as as_of_date,
    coalesce(risks.customer_id, health.customer_id) as customer_id,
    coalesce(health.segment, risks.segment) as segment,
    health.classification,
    risks.risk_tier,
    {%- for measure, mart in measures.items() if measure != 'arr' %}
    cast({{ 'health' if mart == 'health' else 'risks' }}.{{ measure }} as decimal(28, 6)) as {{ measure }},
    {%- endfor %}
    coalesce(health.arr, risks.arr) as arr
from risks
full outer join health
    on risks.customer_id = health.customer_id
