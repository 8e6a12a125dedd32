-- Grain: one account on as_of_date. Every column of the view, trimmed, typed, bad values unknown (NULL).
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set kinds = customer_health.source_columns(source('raw', 'salesforce__customer_360_view')) %}

with accepted as (

    select * from {{ ref('base_salesforce__accepted_accounts') }}

),

cleaned as (

    select
        {{ customer_health.as_of_date() }} as as_of_date
        {%- for column, rule in customer_health.salesforce_account_columns().items() %},
        {{ customer_health.clean_value(column, rule, kinds.get(column)) }} as {{ column }}
        {%- endfor %}
    from accepted
    {{ customer_health.computed_once() }}

)

select
    as_of_date
    {%- for column in customer_health.salesforce_account_columns() %},
    {%- if column == 'industry_normalized' %}
    coalesce(industry_normalized, 'Unknown') as industry
    {%- elif column == 'account_size_segment' %}
    coalesce(account_size_segment, 'Unknown') as account_size_segment
    {%- else %}
    {{ column }}
    {%- endif %}
    {%- endfor %},
    -- No contacts means no e-mail coverage; more e-mails than contacts cannot mean more than all of them.
    case
        when total_contacts = 0 then 0
        when contacts_with_email > total_contacts then 1
        else {{ customer_health.safe_divide('contacts_with_email', 'total_contacts') }}
    end as contact_email_coverage
from cleaned
