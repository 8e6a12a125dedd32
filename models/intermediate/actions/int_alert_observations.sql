-- Grain: one rule of one account or customer on one date that the rule can judge: fires, holds or clear.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

{%- set customer_success_is_built = customer_health.subject_is_built('customer_success') %}
{%- set text = customer_health.type_text() %}
{%- set parts = [] %}
{%- for rule in customer_health.alert_rules() %}
{%- if rule.entity == 'account' %}
{%- do parts.append(customer_health.alert_observations(rule, ref('int_account_alert_measures'), 'account_id')) %}
{%- elif customer_success_is_built %}
{%- do parts.append(customer_health.alert_observations(rule, ref('int_customer_alert_measures'), 'customer_id')) %}
{%- endif %}
{%- endfor %}

{%- set warnings %}
select
    {{ customer_health.as_of_date() }} as as_of_date,
    cast('customer' as {{ text }}) as entity_type,
    customers.customer_id as entity_id,
    cast('churn_warning_' || sources.source as {{ text }}) as rule_id,
    cast(warnings.severity as {{ text }}) as severity,
    case when warnings.source is null then 'clear' else 'fires' end as status,
    {{ customer_health.to_decimal(customer_health.text_to_double('warnings.value')) }} as observed_value,
    sources.source || ' ' || warnings.value || ' (' || warnings.severity || ')' as driving_signals
from {{ ref('customer_success_churn_risk') if customer_success_is_built else '' }} as customers
cross join (
    {%- for source in customer_health.churn_warning_alerts() %}
    select cast('{{ source }}' as {{ text }}) as source
    {{ 'union all' if not loop.last }}
    {%- endfor %}
) as sources
left join {{ ref('customer_success_warnings') if customer_success_is_built else '' }} as warnings
    on customers.customer_id = warnings.customer_id
    and sources.source = warnings.source
{%- endset %}
{%- if customer_success_is_built and customer_health.churn_warning_alerts() %}
{%- do parts.append(warnings) %}
{%- endif %}

{% if parts -%}
{{ parts | join('\n\nunion all\n\n') }}
{%- else -%}
{{ customer_health.rows_as_table({
    'as_of_date': 'date', 'entity_type': text, 'entity_id': text, 'rule_id': text, 'severity': text, 'status': text,
    'observed_value': 'decimal(28, 6)', 'driving_signals': text,
}, []) }}
{%- endif %}
