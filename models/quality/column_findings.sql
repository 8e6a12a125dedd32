-- Grain: one cleaned column of a source that has values.
{{ config(
    enabled=customer_health.subject_is_built('account_health') or customer_health.subject_is_built('conversion')
) }}

{%- set double = customer_health.type_double() %}
with counted as (

    {%- if customer_health.subject_is_built('account_health') %}
    select * from {{ ref('stg_salesforce__column_value_counts') }}
    {{ 'union all' if customer_health.subject_is_built('conversion') }}
    {%- endif %}
    {%- if customer_health.subject_is_built('conversion') %}
    select * from {{ ref('stg_customer360__column_value_counts') }}
    {%- endif %}

),

refused as (

    select
        source,
        column_name,
        count(*) as refused_count,
        min({{ customer_health.byte_order('value') }}) as example
    from {{ ref('value_findings') }}
    -- A contradiction is kept, and a label that is missing was no value.
    where reason_code not in ('exceeds_total_contacts', 'below_30d_activity', 'missing_label')
    group by source, column_name

)

select
    counted.source,
    counted.column_name,
    counted.value_count,
    coalesce(refused.refused_count, 0) as refused_count,
    cast(coalesce(refused.refused_count, 0) as {{ double }}) / counted.value_count as refused_share,
    refused.example,
    counted.source in ('salesforce__customer_360_view', 'salesforce__customer_360_history')
    and counted.column_name in (
        {%- for column in customer_health.metric_columns() %}
        {{ customer_health.text_literal(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    ) as is_scored,
    coalesce(refused.refused_count, 0)
    > {{ customer_health.refused_value_limits().warn_above }} * counted.value_count as is_told
from counted
left join refused
    on counted.source = refused.source
    and counted.column_name = refused.column_name
where counted.value_count > 0
