-- Grain: one row that is written out in the settings.

{%- set values = [["O'Hara", 0.25, true], ['', none, false]] %}
{%- set rows = [] %}
{%- for name, weight, is_on in values %}
{%- do rows.append([
    customer_health.sql_literal(name),
    customer_health.sql_literal(weight),
    customer_health.sql_literal(is_on),
]) %}
{%- endfor %}

{{ customer_health.rows_as_table(
    {'name': customer_health.type_text(), 'weight': 'decimal(9, 6)', 'is_on': 'boolean'},
    rows
) }}
