-- Grain: one customer of the churn records. Absent fields have the method's defaults, unreadable ones are NULL.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

with records as (

    select * from {{ ref('base_customer_success__churn_records') }}
    where rejection is null

),

values_read as (

    select
        record_number,
        key as customer_id,
        case when name is null then 'Unknown' else {{ customer_health.json_text('name') }} end as name,
        case when segment is null then 'unknown' else {{ customer_health.json_text('segment') }} end as segment,
        {{ customer_health.json_number('arr') }} as arr,
        {{ customer_health.json_text('contract_end_date') }} as contract_end
        {%- for signal, block in customer_health.churn_signals().items() %}
        {%- for field, measure in block.measures.items() %},
        {{ customer_health.churn_value(signal, field, measure) }} as {{ field }}
        {%- endfor %}
        {%- endfor %}
    from records
    {{ customer_health.computed_once() }}

)

select
    record_number,
    customer_id,
    name,
    segment,
    {{ customer_health.to_decimal('arr') }} as arr,
    {{ customer_health.leading_date('contract_end') }} as contract_end_date
    {%- for block in customer_health.churn_signals().values() %}
    {%- for field in block.measures %},
    {{ field }}
    {%- endfor %}
    {%- endfor %}
from values_read
