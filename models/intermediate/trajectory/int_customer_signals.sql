-- Grain: one customer of the records, with its signals as doubles: only what was measured and is accepted.
-- Columns <signal>, <signal>__text of labels and <signal>__dated_on of dated ones.
-- noqa: disable=LT02
{{ config(enabled=customer_health.customer_signals_are_built(), materialized='table') }}

{%- set signals = customer_health.built_signals() | selectattr('is_of_customer') | list %}
{%- set of_health = signals | selectattr('source_table', 'equalto', 'customer_success__health') | list %}
{%- set of_churn = signals | selectattr('source_table', 'equalto', 'customer_success__churn')
    | rejectattr('signal', 'equalto', 'days_to_contract_end') | list %}
{%- set sentiments = customer_health.customer_success_health().sentiments %}
{%- set churn_fields = customer_health.customer_success_fields('churn') %}
{%- set churn_measures = {} %}
{%- for block in customer_health.churn_signals().values() %}
{%- do churn_measures.update(block.measures) %}
{%- endfor %}

with customers as (

    select customer_id from {{ ref('int_recorded_customers') }}

),

health as (

    select
        customer_id
        {%- for signal in of_health %},
        {% if signal.kind == 'label' -%}
        case {{ signal.signal }}
            {%- for label, points in sentiments.items() %}
            when {{ customer_health.text_literal(label) }} then {{ customer_health.double(points) }}
            {%- endfor %}
        end as {{ signal.signal }},
        case when {{ signal.signal }}_is_measured then {{ signal.signal }} end as {{ signal.signal }}__text
        {%- else -%}
        case when {{ signal.signal }}_is_measured then {{ signal.signal }} end as {{ signal.signal }}
        {%- endif %}
        {%- endfor %}
    from {{ ref('stg_customer_success__health') }}

),

-- Staging gives an absent field the method's default, so that the tokens tell what was measured.
churn_tokens as (

    select
        key as customer_id
        {%- for signal in of_churn %},
        {%- set refusal = customer_health.token_finding_code(signal.signal, churn_fields[signal.signal].rule) %}
        coalesce({{ signal.signal }} is not null and ({{ refusal | indent(12) }}) is null, false)
            as {{ signal.signal }}_is_measured
        {%- endfor %}
    from {{ ref('base_customer_success__churn_records') }}
    where rejection is null
    {{ customer_health.computed_once() }}

),

churn as (

    select
        stg_churn.customer_id,
        {{ customer_health.double(
            customer_health.days_between(customer_health.as_of_date(), 'stg_churn.contract_end_date')
        ) }}
            as days_to_contract_end
        {%- for signal in of_churn %},
        {%- set measured = 'churn_tokens.' ~ signal.signal ~ '_is_measured' %}
        {%- if signal.kind == 'label' %}
        case
            when {{ measured }}
                then {{ customer_health.churn_points(signal.signal, churn_measures[signal.signal]) }}
        end as {{ signal.signal }},
        case when {{ measured }} then {{ signal.signal }} end as {{ signal.signal }}__text
        {%- elif signal.kind == 'flag' %}
        case
            when {{ measured }} then {{ customer_health.double('cast(' ~ signal.signal ~ ' as integer)') }}
        end as {{ signal.signal }}
        {%- else %}
        case when {{ measured }} then {{ signal.signal }} end as {{ signal.signal }}
        {%- endif %}
        {%- endfor %}
    from {{ ref('stg_customer_success__churn') }} as stg_churn
    inner join churn_tokens
        on stg_churn.customer_id = churn_tokens.customer_id

),

seat_tokens as (

    select
        key as customer_id,
        {%- for seats in ['licensed', 'active'] %}
        {%- set refusal = customer_health.token_finding_code(seats ~ '_seats', 'amount') %}
        {{ seats }}_seats is not null and ({{ refusal | indent(12) }}) is null
            as {{ seats }}_is_measured{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('base_customer_success__expansion_records') }}
    where rejection is null
    {{ customer_health.computed_once() }}

),

seats as (

    select
        stg_expansion.customer_id,
        case when seat_tokens.licensed_is_measured then stg_expansion.licensed_seats end as licensed_seats,
        case when seat_tokens.active_is_measured then stg_expansion.active_seats end as active_seats
    from {{ ref('stg_customer_success__expansion') }} as stg_expansion
    inner join seat_tokens
        on stg_expansion.customer_id = seat_tokens.customer_id
    {{ customer_health.computed_once() }}

),

months as (

    select
        customer_id,
        month,
        arr,
        row_number() over (partition by customer_id order by month_number desc) as place
    from {{ ref('stg_customer_success__monthly_arr') }}

)

select
    customers.customer_id,
    seats.licensed_seats,
    -- Less than one seat counts as one, as in the expansion scores.
    case
        when seats.licensed_seats >= 1 then seats.active_seats / seats.licensed_seats
        when seats.licensed_seats > 0 then seats.active_seats
    end as seat_utilisation,
    {{ customer_health.double('months.arr') }} as customer_arr,
    months.month as customer_arr__dated_on,
    churn.days_to_contract_end
    {%- for signal in of_health %},
    health.{{ signal.signal }}
    {%- if signal.kind == 'label' %},
    health.{{ signal.signal }}__text
    {%- endif %}
    {%- endfor %}
    {%- for signal in of_churn %},
    churn.{{ signal.signal }}
    {%- if signal.kind == 'label' %},
    churn.{{ signal.signal }}__text
    {%- endif %}
    {%- endfor %}
from customers
left join health
    on customers.customer_id = health.customer_id
left join churn
    on customers.customer_id = churn.customer_id
left join seats
    on customers.customer_id = seats.customer_id
left join months
    on customers.customer_id = months.customer_id
    and months.place = 1
