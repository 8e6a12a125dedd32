-- Grain: one column that staging cleans.
{{ config(
    enabled=customer_health.subject_is_built('account_health')
) }}

-- depends_on: {{ ref('base_salesforce__snapshot_rows') if customer_health.subject_is_built('trajectory') }}
{%- for cleaned in customer_health.cleaned_salesforce_tables() %}
select *
from (
    {{ customer_health.counted_values(cleaned) | indent(4) }}
) as of_source
{{ 'union all' if not loop.last }}
{%- endfor %}
