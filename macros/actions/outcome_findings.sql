{#
    The refused amounts of accepted outcomes of accounts, and outcomes of accounts that the account view does not hold
    (any longer), as a whole SELECT; the key is that of the row.
#}
{% macro outcome_findings() %}
    {%- set table = source('outcomes', 'account_outcomes') -%}
    {%- set kinds = customer_health.source_columns(table) if customer_health.optional_source_exists(table) else {} -%}
    {%- set kind = kinds.get('arr', 'text') -%}
    {%- set key = "account_id || ' ' || cast(outcome_date as " ~ customer_health.type_text() ~ ") || ' ' || outcome" -%}

with accepted as (

    select
        outcomes.*,
        accounts.account_id is not null as is_known_account
    from {{ ref('base_outcomes__account_outcome_rows') }} as outcomes
    left join {{ ref('stg_salesforce__accounts') }} as accounts
        on outcomes.account_id = accounts.account_id
    where outcomes.rejection is null

),

{{ customer_health.listed_findings('accepted', 'account_outcomes', key, [{
    'column': 'arr',
    'value': 'source_arr',
    'condition': customer_health.is_refused('source_arr', 'amount', kind),
    'reason_code': customer_health.finding_code('source_arr', 'amount', kind),
}, {
    'column': 'account_id', 'value': 'account_id', 'condition': 'not is_known_account',
    'reason_code': "case when not is_known_account then 'unknown_account' end",
}]) }}
{% endmacro %}
