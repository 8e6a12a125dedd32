{#
    The currency of the marts' amounts: the setting customer_health_currency, or the only one that the account
    view names. Empty where neither says. Stops the run where the accounts have several and none was chosen.
#}
{% macro base_currency() %}
    {%- set chosen = customer_health.currency_setting() -%}
    {%- set table = source('raw', 'salesforce__customer_360_view') -%}
    {%- if chosen or not execute or not customer_health.subject_is_built('account_health') -%}
        {{- return(chosen) -}}
    {%- endif -%}
    {%- set kinds = customer_health.source_columns(table) -%}
    {%- if 'currency_iso_code' not in kinds -%}{{- return('') -}}{%- endif -%}
    {%- set code = customer_health.currency_code('written', kinds) -%}
    {%- set found = run_query(
        'select distinct ' ~ code ~ ' as currency from ' ~ table ~ ' as written where ' ~ code ~ ' is not null and not '
        ~ customer_health.is_deleted_row('written', kinds) ~ ' order by 1'
    ).columns[0].values() | list -%}
    {%- if found | length > 1 -%}
        {{- customer_health.raise_error(
            'source table ' ~ table.schema ~ '.' ~ table.identifier,
            'has amounts in ' ~ found | length ~ ' currencies (' ~ found[:5] | join(', ') ~ ')',
            'say in customer_health_currency which one the marts shall have, and give the table exchange_rates'
        ) -}}
    {%- endif -%}
    {{- return(found[0] if found else '') -}}
{% endmacro %}

{# The setting customer_health_currency, checked: an ISO 4217 code, or empty. #}
{% macro currency_setting() %}
    {%- set currency = var('customer_health_currency') -%}
    {%- if currency is not string or not modules.re.match('^([A-Z]{3})?$', currency) -%}
        {{- customer_health.raise_error(
            'setting customer_health_currency', 'is ' ~ currency, 'give a code of three capital letters, such as EUR'
        ) -}}
    {%- endif -%}
    {{- return(currency) -}}
{% endmacro %}

{# The currency of a row of the account view in capital letters; NULL where it says none. #}
{% macro currency_code(alias, kinds) %}
    {{- return('upper(' ~ customer_health.source_key(
        alias ~ '.currency_iso_code', 'currency_iso_code', kinds.currency_iso_code
    ) ~ ')') -}}
{% endmacro %}

{#
    What an amount of a row is multiplied with, given the alias of its exchange rate: 1 in the base currency, to which
    a row without a currency belongs, as in the CRM; NULL where no rate is known.
#}
{% macro rate_to_base(alias, kinds) %}
    {%- set code = customer_health.currency_code(alias, kinds) -%}
    {{- return(
        'case when coalesce(' ~ code ~ ", '') in ('', '" ~ customer_health.base_currency() ~ "') then "
        ~ 'cast(1 as ' ~ customer_health.type_double() ~ ') else rates.rate_to_base end'
    ) -}}
{% endmacro %}

{# The join of the exchange rates of a day to rows of the account view; nothing where these name no currency. #}
{% macro join_rates(alias, kinds, day) %}
    {%- if 'currency_iso_code' in kinds -%}
    left join {{ ref('stg_salesforce__exchange_rates') }} as rates
        on {{ customer_health.currency_code(alias, kinds) }} = rates.currency
        and {{ day }} >= rates.valid_from
        and {{ day }} < rates.valid_before
    {%- endif -%}
{% endmacro %}

{# An amount in the base currency; unknown without a rate, and beyond 2^53, as in clean_value. #}
{% macro converted(amount) %}
    {%- set product = '(' ~ amount ~ ') * rate_to_base' -%}
    {{- return(
        'case when ' ~ product ~ ' <= ' ~ customer_health.number_rule('amount').highest ~ ' then ' ~ product ~ ' end'
    ) -}}
{% endmacro %}
