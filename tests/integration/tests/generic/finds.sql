{#
    Fails unless the test `rules` with these arguments finds exactly these rows.
    rows: 'rule | key | column | value | bound' each, as the test shows them
#}
{% test finds(model, rules, rows) %}

with found as (

    {{ customer_health.test_rules(model, **rules) | indent(4) }}

),

found_rows as (

    select
        broken_rule || ' | ' || row_key || ' | ' || column_name || ' | ' || coalesce(observed_value, 'NULL')
        || ' | ' || coalesce(bound, 'NULL') as found_row
    from found

),

expected_rows as (

    {%- for row in rows %}
    select {{ customer_health.text_literal(row) }} as expected_row
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        found_row,
        count(*) as row_count
    from found_rows
    group by found_row

)

select
    counted.found_row,
    counted.row_count,
    expected_rows.expected_row
from counted
full outer join expected_rows
    on counted.found_row = expected_rows.expected_row
where counted.found_row is null
    or expected_rows.expected_row is null
    or counted.row_count > 1

{% endtest %}
