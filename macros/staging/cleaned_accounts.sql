{#
    Rows of the account view, cleaned, as a whole SELECT: every column of the view, trimmed, typed, bad
    values unknown (NULL). rows: a relation with one row per account, values as they came. kinds: name ->
    kind of the columns that it has. as_of_date: SQL of the day that a row stands for.
#}
{% macro cleaned_accounts(rows, kinds, as_of_date) %}
with accepted as (

    select * from {{ rows }}

),

cleaned as (

    select
        {{ as_of_date }} as as_of_date
        {%- for column, rule in customer_health.salesforce_account_columns().items() %},
        {%- set value = customer_health.clean_value(column, rule, kinds.get(column)) %}
        {%- if 'currency_iso_code' in kinds and column in customer_health.salesforce_amounts() %}
        {{ customer_health.converted(value) }} as {{ column }}
        {%- else %}
        {{ customer_health.as_personal_data(value, column) }} as {{ column }}
        {%- endif %}
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
{% endmacro %}

{# The columns that the dated snapshots really have: name -> kind. Empty where the source is absent. #}
{% macro snapshot_columns() %}
    {%- set table = source('history', 'salesforce__customer_360_history') -%}
    {{- return(customer_health.source_columns(table) if customer_health.optional_source_exists(table) else {}) -}}
{% endmacro %}

{# The columns of the account view that the dated snapshots really have: name -> rule. #}
{% macro present_snapshot_columns() %}
    {%- set table = source('history', 'salesforce__customer_360_history') -%}
    {%- if not customer_health.optional_source_exists(table) -%}{{- return({}) -}}{%- endif -%}
    {{- return(customer_health.present_salesforce_account_columns(table)) -}}
{% endmacro %}
