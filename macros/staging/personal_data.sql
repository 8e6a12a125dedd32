{#
    The setting customer_health_personal_data, checked: whether what names a person is kept, hashed (a stable key, the
    same on every engine and every day) or dropped.
#}
{% macro personal_data() %}
    {%- set wanted = var('customer_health_personal_data') -%}
    {%- do customer_health.check_choice('setting customer_health_personal_data', wanted, ['keep', 'hash', 'drop']) -%}
    {{- return(wanted) -}}
{% endmacro %}

{# The source columns that name a person -> whether rows are told apart by it: a key is hashed where others are dropped. #}
{% macro personal_columns() %}
    {{- return({'owner_id': false, 'account_owner_name': false, 'owner_email': false, 'primary_email': true}) -}}
{% endmacro %}

{# The cleaned value of a source column as the setting wants it; one that names no person stays as it is. #}
{% macro as_personal_data(expression, column) %}
    {%- set is_key = customer_health.personal_columns().get(column) -%}
    {%- set wanted = customer_health.personal_data() -%}
    {%- if is_key is none or wanted == 'keep' -%}
        {{- return(expression) -}}
    {%- elif wanted == 'drop' and not is_key -%}
        {{- return('cast(null as ' ~ customer_health.type_text() ~ ')') -}}
    {%- endif -%}
    {{- return(customer_health.text_sha256('lower(' ~ expression ~ ')' if column.endswith('email') else expression)) -}}
{% endmacro %}
