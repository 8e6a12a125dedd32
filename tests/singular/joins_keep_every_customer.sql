-- No join adds or loses a customer: as many in the marts as there are distinct e-mail addresses.
{{ config(enabled=customer_health.subject_is_built('conversion'), group='customer_health') }}

with addresses as (

    select primary_email from {{ ref('stg_customer360__customer_activity') }}
    union
    select primary_email from {{ ref('stg_customer360__conversion_funnels') }}
    union
    select primary_email from {{ ref('stg_customer360__customer_values') }}

),

counted as (

    select
        (select count(*) from addresses) as expected_customers,
        (select count(*) from {{ ref('int_customers_classified') }}) as classified_customers,
        (select count(*) from {{ ref('customer_value_risk') }}) as published_customers

)

select
    'all customers' as row_key,
    expected_customers,
    classified_customers,
    published_customers
from counted
where
    expected_customers <> classified_customers
    or expected_customers <> published_customers
