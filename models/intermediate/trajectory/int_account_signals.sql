-- Grain: one account on one as-of date, its signals side by side: <signal>__state, __value, __text, __observed_on.
-- Stored wide and once; the mart and the policies read from here. Dates before as_of_date are there only where
-- a policy scores signals, and without those of customers, whose records tell of today.
-- noqa: disable=LT02
{{ config(enabled=customer_health.signals_are_built(), materialized='table') }}

{%- set signals = customer_health.built_signals() %}
{%- set of_customers = signals | selectattr('is_of_customer') | list %}

with accounts as (

    select * from {{ ref('int_accounts_by_date') }}
    {%- if not customer_health.scored_signals() %}
    where as_of_date = {{ customer_health.current_slice_date() }}
    {%- endif %}

),

{% if of_customers -%}
customers as (

    select
        account_customers.account_id as customer_account_id,
        account_customers.customer_id,
        customer_signals.licensed_seats
        {%- for signal in of_customers %},
        customer_signals.{{ signal.signal }}
        {%- if signal.kind == 'label' %},
        customer_signals.{{ signal.signal }}__text
        {%- endif %}
        {%- if signal.dated_by is not none %},
        customer_signals.{{ signal.signal }}__dated_on
        {%- endif %}
        {%- endfor %}
    from {{ ref('int_account_customers') }} as account_customers
    left join {{ ref('int_customer_signals') }} as customer_signals
        on account_customers.customer_id = customer_signals.customer_id
    where account_customers.customer_rank = 1

),
{%- endif %}

measured as (

    select
        as_of_date,
        account_id
        {%- if of_customers %},
        customer_id
        {%- endif %}
        {%- for signal in signals %},
        {{ customer_health.double(signal.value) }} as {{ signal.signal }}__measure
        {%- if signal.kind == 'label' %},
        {{ signal.signal }}__text
        {%- endif %}
        {%- if signal.applies_when is not none %},
        {{ signal.applies_when }} as {{ signal.signal }}__applies
        {%- endif %}
        {%- if signal.dated_by is not none %},
        {{ signal.dated_on }} as {{ signal.signal }}__dated_on
        {%- endif %}
        {%- endfor %}
    from accounts
    {%- if of_customers %}
    left join customers
        on accounts.account_id = customers.customer_account_id
        and accounts.as_of_date = {{ customer_health.current_slice_date() }}
    {%- endif %}
    {{ customer_health.computed_once() }}

),

stated as (

    select
        measured.*
        {%- for signal in signals %},
        {{ customer_health.signal_state(signal) | indent(8) }} as {{ signal.signal }}__state
        {%- endfor %}
    from measured
    {{ customer_health.computed_once() }}

)

select
    as_of_date,
    account_id
    {%- if of_customers %},
    customer_id
    {%- endif %}
    {%- for signal in signals %}
    {%- set has_value = 'case when ' ~ signal.signal ~ "__state not in ('not_applicable', 'unknown') then " %},
    {{ signal.signal }}__state,
    {{ has_value }}{{ signal.signal }}__measure end as {{ signal.signal }}__value
    {%- if signal.kind == 'label' %},
    {{ has_value }}{{ signal.signal }}__text end as {{ signal.signal }}__text
    {%- endif %}
    {%- if signal.dated_by is not none %},
    {{ has_value }}case
        when {{ signal.signal }}__dated_on > as_of_date then as_of_date else {{ signal.signal }}__dated_on
    end end as {{ signal.signal }}__observed_on
    {%- endif %}
    {%- endfor %}
from stated
