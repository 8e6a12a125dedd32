-- Grain: one currency from one day on, to the day before its next rate.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

select
    currency,
    rate_to_base,
    valid_from,
    lead(valid_from, 1, cast('9999-12-31' as date)) over (partition by currency order by valid_from) as valid_before
from {{ ref('base_salesforce__exchange_rate_rows') }}
where rejection is null
