-- Grain: one refused or contradictory value of one accepted source row.
{{ config(
    enabled=customer_health.any_subject_is_built()
) }}

-- depends_on: {{ ref('base_salesforce__snapshot_rows') if customer_health.subject_is_built('trajectory') }}
{%- set parts = [] %}
{%- set tables = customer_health.cleaned_salesforce_tables() %}
{%- if customer_health.subject_is_built('conversion') %}
{%- set tables = tables + customer_health.cleaned_customer360_tables() %}
{%- endif %}
{%- for cleaned in tables %}
{%- do parts.append(customer_health.refused_values(cleaned)) %}
{%- endfor %}
{%- if customer_health.subject_is_built('customer_success') %}
{%- for tool in customer_health.customer_success_tools() %}
{%- do parts.append(customer_health.customer_success_findings(tool)) %}
{%- endfor %}
{%- do parts.append(customer_health.monthly_arr_findings()) %}
{%- endif %}
{%- if customer_health.subject_is_built('actions') %}
{%- do parts.append(customer_health.outcome_findings()) %}
{%- endif %}
{%- if customer_health.signals_are_built() %}
{%- do parts.append(customer_health.account_mapping_findings()) %}
{%- endif %}
{%- if customer_health.customer_signals_are_built() %}
{%- do parts.append(customer_health.unmapped_customers()) %}
{%- endif %}

{%- for part in parts %}
select *
from (
    {{ part | indent(4) }}
) as refused
{{ 'union all' if not loop.last }}
{%- endfor %}
