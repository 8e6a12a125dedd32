-- Grain: one refused or contradictory value of one accepted source row.
{{ config(
    enabled=customer_health.any_subject_is_built()
) }}

{%- set parts = [] %}
{%- if customer_health.subject_is_built('account_health') %}
{%- set source_table = source('raw', 'salesforce__customer_360_view') %}
{%- set kinds = customer_health.source_columns(source_table) %}
{%- do parts.append(customer_health.refused_values(
    ref('base_salesforce__accepted_accounts'),
    'salesforce__customer_360_view',
    customer_health.trimmed_text('account_id', kinds.get('account_id', 'text')),
    customer_health.present_salesforce_account_columns(),
    kinds,
    contradictions=customer_health.salesforce_account_contradictions(kinds)
)) %}
{%- endif %}
{%- if customer_health.subject_is_built('trajectory') %}
-- depends_on: {{ ref('base_salesforce__snapshot_rows') }}
{%- if customer_health.slices().snapshots_to_score %}
{%- set kinds = customer_health.snapshot_columns() %}
{%- do parts.append(customer_health.refused_values(
    '(select * from ' ~ ref('base_salesforce__snapshot_rows') ~ ' where row_rank = 1) as kept',
    'salesforce__customer_360_history',
    "key || ' on ' || cast(as_of_date as " ~ customer_health.type_text() ~ ')',
    customer_health.present_snapshot_columns(),
    kinds,
    contradictions=customer_health.salesforce_account_contradictions(kinds)
)) %}
{%- endif %}
{%- endif %}
{%- if customer_health.subject_is_built('conversion') %}
{%- for name, model in customer_health.customer360_row_models().items() %}
{%- set table = customer_health.customer360_table(name) %}
{%- set source_table = source('customer360', table.name) %}
{%- set labels = {} %}
{%- for column, seed in customer_health.customer360_label_seeds(name).items() %}
{%- do labels.update({column: ref(seed)}) %}
{%- endfor %}
{%- do parts.append(customer_health.refused_values(
    '(select * from ' ~ ref(model) ~ ' where row_rank = 1) as kept',
    table.name,
    'key',
    customer_health.present_columns(source_table, table.columns),
    customer_health.source_columns(source_table),
    labels=labels
)) %}
{%- endfor %}
{%- endif %}

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

{%- for part in parts %}
select *
from (
    {{ part | indent(4) }}
) as refused
{{ 'union all' if not loop.last }}
{%- endfor %}
