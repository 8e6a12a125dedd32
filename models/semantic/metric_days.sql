-- Grain: one day, from some 19 years before as_of_date to some 8 years after it: the axis of metrics over time.
{{ config(group='customer_health') }}

{%- set rows = [] %}
{%- for digit in range(10) %}
{%- do rows.append([digit]) %}
{%- endfor %}

with digits as (
    {{ customer_health.rows_as_table({'digit': 'integer'}, rows) | indent(4) }}
),

numbers as (

    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number_of_day
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands

)

select {{ customer_health.add_days(customer_health.as_of_date(), 'number_of_day - 7000') }} as date_day
from numbers
