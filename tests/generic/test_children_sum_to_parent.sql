{#
    Fails for each key of `parent` whose value is not the exact sum of the rows of this model with that
    key: a value without rows, and rows without a value, fail as well.
#}
{% test children_sum_to_parent(model, column_name, key, parent, parent_column) %}

with children as (

    select
        {{ key }} as row_key,
        sum({{ column_name }}) as observed_total
    from {{ model }}
    group by 1

),

parents as (

    select
        {{ key }} as row_key,
        {{ parent_column }} as expected_total
    from {{ parent }}

)

select
    coalesce(parents.row_key, children.row_key) as row_key,
    parents.expected_total,
    children.observed_total
from parents
full outer join children
    on parents.row_key = children.row_key
where parents.expected_total <> children.observed_total
    or (parents.expected_total is null) <> (children.observed_total is null)

{% endtest %}
