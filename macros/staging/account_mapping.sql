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

{#
    Customers of the records that meet no account, by the mapping or by equal ids, as a whole SELECT with the columns of
    quality.value_findings; the key is the customer's. None where there are no accounts to meet.
#}
{% macro unmapped_customers() %}
with mapped as (

    select distinct customer_id
    from {{ ref('stg_mapping__accounts') }}
    where customer_id is not null

)

select
    'account_mapping' as source,
    customers.customer_id as key,
    'customer_id' as column_name,
    customers.customer_id as value,
    'unmapped_customer' as reason_code
from {{ ref('int_recorded_customers') }} as customers
left join mapped
    on customers.customer_id = mapped.customer_id
left join {{ ref('stg_salesforce__accounts') }} as accounts
    on customers.customer_id = accounts.account_id
where mapped.customer_id is null
    and (accounts.account_id is null or exists (select 1 from mapped))
    and exists (select 1 from {{ ref('stg_salesforce__accounts') }})
{% endmacro %}
