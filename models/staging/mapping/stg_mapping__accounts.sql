-- Grain: one account and the customer, e-mail address or both that belong to it. Empty without a mapping.
{{ config(enabled=customer_health.signals_are_built()) }}

select
    account_id,
    customer_id,
    primary_email
from {{ ref('base_mapping__account_rows') }}
where rejection is null
