{# Refused values of the mapping's accepted rows, as a whole SELECT with the columns of quality.value_findings. #}
{% macro account_mapping_findings() %}
    {%- set findings = [{
        'column': 'account_id', 'value': 'account_id', 'condition': 'not is_known_account',
        'reason_code': "case when not is_known_account then 'unknown_account' end",
    }] -%}
    {%- if customer_health.customer_signals_are_built() -%}
        {%- do findings.append({
            'column': 'customer_id', 'value': 'customer_id', 'condition': 'not is_known_customer',
            'reason_code': "case when not is_known_customer then 'unknown_customer' end",
        }) -%}
    {%- endif -%}
    {%- do findings.append({
        'column': 'customer_id', 'value': 'customer_id', 'condition': 'account_count > 1',
        'reason_code': "case when account_count > 1 then 'several_accounts' end",
    }) -%}

with accepted as (

    select
        mapped.account_id,
        mapped.customer_id,
        mapped.primary_email,
        accounts.account_id is not null as is_known_account,
        {%- if customer_health.customer_signals_are_built() %}
        mapped.customer_id is null or customers.customer_id is not null as is_known_customer,
        {%- endif %}
        several.account_count
    from {{ ref('stg_mapping__accounts') }} as mapped
    left join {{ ref('stg_salesforce__accounts') }} as accounts
        on mapped.account_id = accounts.account_id
    {%- if customer_health.customer_signals_are_built() %}
    left join {{ ref('int_recorded_customers') }} as customers
        on mapped.customer_id = customers.customer_id
    {%- endif %}
    left join (
        select
            customer_id,
            count(distinct account_id) as account_count
        from {{ ref('stg_mapping__accounts') }}
        where customer_id is not null
        group by customer_id
    ) as several
        on mapped.customer_id = several.customer_id

),

{{ customer_health.listed_findings(
    'accepted', 'account_mapping',
    "account_id || coalesce(' ' || customer_id, '') || coalesce(' ' || primary_email, '')", findings
) }}
{% endmacro %}
