{# The refused amounts of accepted outcomes of accounts, as a whole SELECT; the key is that of the row. #}
{% macro outcome_findings() %}
    {%- set table = source('outcomes', 'account_outcomes') -%}
    {%- set kinds = customer_health.source_columns(table) if customer_health.optional_source_exists(table) else {} -%}
    {%- set kind = kinds.get('arr', 'text') -%}
    {%- set key = "account_id || ' ' || cast(outcome_date as " ~ customer_health.type_text() ~ ") || ' ' || outcome" -%}

with accepted as (

    select * from {{ ref('base_outcomes__account_outcome_rows') }}
    where rejection is null

),

{{ customer_health.listed_findings('accepted', 'account_outcomes', key, [{
    'column': 'arr',
    'value': 'source_arr',
    'condition': customer_health.is_refused('source_arr', 'amount', kind),
    'reason_code': customer_health.finding_code('source_arr', 'amount', kind),
}]) }}
{% endmacro %}
