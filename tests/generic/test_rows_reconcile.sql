{#
    Fails unless every source row is accounted for: rows of this model + sum(row_count) of the
    rejected rows of that source = rows of the source.
#}
{% test rows_reconcile(model, source_table, rejected_rows, source_name) %}

with counted as (

    select
        (select count(*) from {{ source_table }}) as source_rows,
        (select count(*) from {{ model }}) as accepted_rows,
        (
            select coalesce(sum(row_count), 0)
            from {{ rejected_rows }}
            where source = '{{ source_name }}'
        ) as rejected_rows

)

select
    '{{ source_name }}' as row_key,
    source_rows as expected_rows,
    accepted_rows + rejected_rows as observed_rows,
    accepted_rows,
    rejected_rows
from counted
where source_rows <> accepted_rows + rejected_rows

{% endtest %}
