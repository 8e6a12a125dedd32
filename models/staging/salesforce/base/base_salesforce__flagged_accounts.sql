-- Grain: one accepted source row in which at least one value is refused or contradicts another.
-- One pass over the table finds these few rows; the findings are then read from them alone.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

{%- set kinds = customer_health.source_columns(source('raw', 'salesforce__customer_360_view')) %}
{%- set ruled_columns = customer_health.present_salesforce_account_columns() %}

with accepted as (

    select * from {{ ref('base_salesforce__accepted_accounts') }}

)

select *
from accepted
where false
    {%- for column, rule in ruled_columns.items() if rule != 'text' %}
    or {{ customer_health.is_refused(column, rule, kinds[column]) }}
    {%- endfor %}
    {%- for rule in customer_health.salesforce_account_contradictions(kinds) %}
    or {{ rule.condition }}
    {%- endfor %}
