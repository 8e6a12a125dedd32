-- Grain: one account on one as-of date of this run: the current date (of the account view, or of a snapshot
-- where as_of_date lies within the dated snapshots), and the dates of the snapshots that the history lacks.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set slices = customer_health.slices() %}
-- depends_on: {{ ref('stg_salesforce__accounts') }}
{% if customer_health.subject_is_built('trajectory') -%}
-- depends_on: {{ ref('stg_salesforce__account_snapshots') }}
{%- endif %}

{% if slices.origin == 'view' -%}
select * from {{ ref('stg_salesforce__accounts') }}
{{ 'union all' if slices.snapshots_to_score }}
{%- endif %}
{%- if slices.snapshots_to_score %}
select * from {{ ref('stg_salesforce__account_snapshots') }}
{%- endif %}
