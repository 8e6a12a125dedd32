{#
    The refused values of accepted records, as a whole SELECT with the columns of quality.value_findings.
    column_name is the path in the document, value the JSON text.
#}
{% macro customer_success_findings(tool) %}
    {%- set findings = [] -%}
    {%- for column, field in customer_health.customer_success_fields(tool).items() if field.rule != 'key' -%}
        {%- set reason_code = customer_health.token_finding_code(column, field.rule) -%}
        {%- do findings.append({
            'column': field.path, 'value': column, 'condition': '(' ~ reason_code ~ ') is not null', 'reason_code': reason_code,
        }) -%}
    {%- endfor -%}

with accepted as (

    select * from {{ ref('base_customer_success__' ~ tool ~ '_records') }}
    where rejection is null

),

{{ customer_health.listed_findings('accepted', 'customer_success__' ~ tool, 'key', findings) }}
{% endmacro %}

{# The refused amounts of accepted rows of monthly ARR, as a whole SELECT; the key is customer and day. #}
{% macro monthly_arr_findings() %}
    {%- set name = 'customer_success__monthly_arr' -%}
    {%- set kind = customer_health.source_columns(source('customer_success', name)).get('arr', 'text') -%}
    {%- set key = "customer_id || ' ' || cast(day as " ~ customer_health.type_text() ~ ')' -%}

with accepted as (

    select * from {{ ref('base_customer_success__monthly_arr_rows') }}
    where rejection is null

),

{{ customer_health.listed_findings('accepted', name, key, [{
    'column': 'arr',
    'value': 'source_arr',
    'condition': customer_health.is_refused('source_arr', 'amount', kind),
    'reason_code': customer_health.finding_code('source_arr', 'amount', kind),
}]) }}
{% endmacro %}

{# Why a rule of customer_success_fields refuses a token, as a reason code; NULL where it does not. #}
{% macro token_finding_code(token, rule) %}
    {%- set number = customer_health.json_double(token) -%}
    case
        when {{ token }} is null then null
        {%- if rule in ['section', 'list'] %}
        when left({{ token }}, 1) <> '{{ '{' if rule == 'section' else '[' }}' then
            'not_{{ 'an_object' if rule == 'section' else 'a_list' }}'
        {%- else %}
        when {{ token }} = 'null' then {{ 'null' if rule == 'optional' else "'null_value'" }}
        {%- if rule in ['amount', 'signed_amount', 'optional'] %}
        when {{ token }} in ('"NaN"', '"Infinity"', '"-Infinity"') then 'not_finite'
        when {{ number }} is null then 'not_a_number'
        when not ({{ number }} between -9007199254740992 and 9007199254740992) then 'too_large'
        {%- if rule == 'amount' %}
        when {{ number }} < 0 then 'negative'
        {%- endif %}
        {%- elif rule == 'flag' %}
        when {{ token }} not in ('true', 'false') and coalesce({{ number }}, -1) not in (0, 1) then 'not_a_flag'
        {%- else %}
        when left({{ token }}, 1) <> '"' then 'not_a_text'
        {%- if rule == 'date' %}
        when {{ customer_health.leading_date(customer_health.json_text(token)) }} is null then 'impossible_date'
        {%- elif rule != 'text' %}
        when lower({{ customer_health.json_text(token) }}) not in ({{ customer_health.token_labels(rule) }}) then 'unknown_label'
        {%- endif %}
        {%- endif %}
        {%- endif %}
    end
{%- endmacro %}

{# The labels that a rule knows, as a list of SQL literals. #}
{% macro token_labels(rule) %}
    {%- set labels = {
        'segment': customer_health.customer_success_segments(),
        'sentiment': (var('customer_success_health').sentiments.keys() | list) + ['unknown'],
        'satisfaction': ['improving', 'stable', 'declining', 'critical'],
    }[rule] -%}
    {%- set literals = [] -%}
    {%- for label in labels -%}{%- do literals.append(customer_health.text_literal(label)) -%}{%- endfor -%}
    {{- return(literals | join(', ')) -}}
{% endmacro %}
