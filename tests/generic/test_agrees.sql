{#
    Fails for each row that contradicts another model, and shows the rule, the key, both values.

    references: column -> {to, field}; a value that is not among those of the field, NULL passes
    totals: a list of {column, per, parent, parent_column}: per value of `per` the rows of this model sum
        exactly to parent_column; a value without rows, and rows without a value, fail as well
#}
{% test agrees(model, references={}, totals=[]) %}

{%- if execute %}
{%- set text = customer_health.type_text() %}
{%- set selects = [] %}
{%- for column, reference in references.items() %}
{%- set select %}
select
    'reference' as broken_rule,
    cast({{ column }} as {{ text }}) as row_key,
    '{{ column }}' as column_name,
    cast(count(*) as {{ text }}) as observed_value,
    'a {{ reference.field }} of {{ reference.to | replace("'", '') | replace('"', '') | replace('`', '') }}' as bound
from {{ model }}
where {{ column }} is not null
    and {{ column }} not in (select {{ reference.field }} from {{ reference.to }} where {{ reference.field }} is not null)
group by {{ column }}
{%- endset %}
{%- do selects.append(select) %}
{%- endfor %}
{%- for total in totals %}
{%- set select %}
select
    'total' as broken_rule,
    cast(coalesce(parents.row_key, children.row_key) as {{ text }}) as row_key,
    '{{ total.column }}' as column_name,
    cast(children.observed_total as {{ text }}) as observed_value,
    cast(parents.expected_total as {{ text }}) as bound
from (
    select
        {{ total.per }} as row_key,
        {{ total.parent_column }} as expected_total
    from {{ total.parent }}
) as parents
full outer join (
    select
        {{ total.per }} as row_key,
        sum({{ total.column }}) as observed_total
    from {{ model }}
    group by 1
) as children
    on parents.row_key = children.row_key
where parents.expected_total <> children.observed_total
    or (parents.expected_total is null) <> (children.observed_total is null)
{%- endset %}
{%- do selects.append(select) %}
{%- endfor %}

{{ selects | join('\nunion all\n') }}
{%- endif %}

{% endtest %}
