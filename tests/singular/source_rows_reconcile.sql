-- Every source row is accounted for: rows that staging took + rows that it rejected = rows of the source.
{{ config(enabled=customer_health.any_subject_is_built(), group='customer_health') }}

{%- set taken = [] %}
{%- if customer_health.subject_is_built('account_health') %}
{%- do taken.append((
    'salesforce__customer_360_view', source('raw', 'salesforce__customer_360_view'),
    ref('base_salesforce__accepted_accounts')
)) %}
{%- do taken.append((
    'exchange_rates', ref('base_salesforce__exchange_rate_rows'), ref('stg_salesforce__exchange_rates')
)) %}
{%- endif %}
{%- if customer_health.subject_is_built('conversion') %}
{%- for name, model in {
    'customer_activity_metrics': 'stg_customer360__customer_activity',
    'conversion_funnel_analysis': 'stg_customer360__conversion_funnels',
    'customer_value_analysis': 'stg_customer360__customer_values',
    'address': 'stg_customer360__addresses',
    'mapping': 'stg_customer360__mappings',
}.items() %}
{%- do taken.append(('customer360__' ~ name, source('customer360', 'customer360__' ~ name), ref(model))) %}
{%- endfor %}
{%- endif %}
{%- if customer_health.subject_is_built('customer_success') %}
{%- for tool in customer_health.customer_success_tools() %}
{%- set name = 'customer_success__' ~ tool %}
{%- do taken.append((name, source('customer_success', name), ref('stg_' ~ name))) %}
{%- do taken.append((
    name, source('customer_success', name),
    '(select * from ' ~ ref('base_' ~ name ~ '_records') ~ ' where rejection is null) as accepted'
)) %}
{%- endfor %}
{%- do taken.append((
    'customer_success__monthly_arr', source('customer_success', 'customer_success__monthly_arr'),
    ref('stg_customer_success__monthly_arr')
)) %}
{%- endif %}
{%- if customer_health.signals_are_built() %}
{%- do taken.append((
    'account_mapping', ref('base_mapping__account_rows'), ref('stg_mapping__accounts')
)) %}
{%- endif %}
{%- if customer_health.subject_is_built('learning') %}
{%- do taken.append((
    'account_interventions', ref('base_learning__intervention_rows'), ref('stg_learning__account_interventions')
)) %}
{%- endif %}

with rejected as (

    select
        source,
        sum(row_count) as rejected_rows
    from {{ ref('rejected_rows') }}
    group by source

),

counted as (

    {%- for source_name, source_rows, model in taken %}
    select
        '{{ source_name }}' as source,
        '{{ model | replace("'", '') }}' as accepted_by,
        (select count(*) from {{ source_rows }}) as source_rows,
        (select count(*) from {{ model }}) as accepted_rows
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    counted.source,
    counted.accepted_by,
    counted.source_rows as expected_rows,
    counted.accepted_rows + coalesce(rejected.rejected_rows, 0) as observed_rows
from counted
left join rejected
    on counted.source = rejected.source
where counted.source_rows <> counted.accepted_rows + coalesce(rejected.rejected_rows, 0)
