{#
    Fails for each row with a value outside its column's set; NULL passes, as with accepted_values. Shows
    the key, and the first such column with its value. One test and one scan for many columns: each test
    costs dbt more than the query. columns: name -> list of values.
#}
{% test columns_in_set(model, key, columns) %}

{%- set text = customer_health.type_text() %}
{%- set conditions = {} %}
{%- for column, members in columns.items() %}
{%- set literals = [] %}
{%- for member in members %}{% do literals.append(customer_health.text_literal(member | string)) %}{% endfor %}
{%- do conditions.update({column: 'cast(' ~ column ~ ' as ' ~ text ~ ') not in (' ~ literals | join(', ') ~ ')'}) %}
{%- endfor %}

select
    cast({{ key }} as {{ text }}) as row_key,
    case
        {%- for column, condition in conditions.items() %}
        when {{ condition }} then '{{ column }}'
        {%- endfor %}
    end as column_name,
    case
        {%- for column, condition in conditions.items() %}
        when {{ condition }} then cast({{ column }} as {{ text }})
        {%- endfor %}
    end as observed_value
from {{ model }}
where {{ conditions.values() | join('\n    or ') }}

{% endtest %}
