-- Grain: one refused or contradictory value of one accepted source row.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set kinds = customer_health.source_columns(source('raw', 'salesforce__customer_360_view')) %}

with flagged as (

    select * from {{ ref('base_salesforce__flagged_accounts') }}

),

findings as (

    {%- for column, rule in customer_health.present_salesforce_account_columns().items() if rule != 'text' %}
    select
        {{ customer_health.trimmed_text('account_id', kinds.get('account_id', 'text')) }} as key,
        '{{ column }}' as column_name,
        cast({{ column }} as {{ customer_health.type_text() }}) as value,
        {{ customer_health.finding_code(column, rule, kinds[column]) }} as reason_code
    from flagged
    union all
    {%- endfor %}
    {%- for rule in customer_health.salesforce_account_contradictions(kinds) %}
    select
        {{ customer_health.trimmed_text('account_id', kinds.get('account_id', 'text')) }} as key,
        '{{ rule.column }}' as column_name,
        cast({{ rule.column }} as {{ customer_health.type_text() }}) as value,
        case when {{ rule.condition }} then '{{ rule.reason_code }}' end as reason_code
    from flagged
    union all
    {%- endfor %}
    select
        cast(null as {{ customer_health.type_text() }}) as key,
        cast(null as {{ customer_health.type_text() }}) as column_name,
        cast(null as {{ customer_health.type_text() }}) as value,
        cast(null as {{ customer_health.type_text() }}) as reason_code
    where false

)

select
    'salesforce__customer_360_view' as source,
    key,
    column_name,
    value,
    reason_code
from findings
where reason_code is not null
