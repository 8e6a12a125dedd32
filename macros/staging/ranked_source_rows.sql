{#
    The rows of a source table from which one per key is kept, as a whole SELECT: the best two rows of
    each key (key, row_rank, row_count of the key) and every row without a key (key and row_rank NULL,
    row_count 1), with the table's columns as they came and row_text. The order is total: the latest
    timestamp, the deciding columns, then every other column in source order; it does not depend on how
    the source happens to be sorted.
#}
{% macro ranked_source_rows(source_table, table) %}
    {%- set kinds = customer_health.source_columns(source_table) -%}
    {%- set present = customer_health.present_columns(source_table, table.columns) -%}
    {%- set columns = present.keys() | list -%}
    {%- set deciding = [] -%}
    {%- if table.latest in present -%}
        {%- do deciding.append(
            customer_health.clean_value('source_rows.' ~ table.latest, 'timestamp', kinds[table.latest])
            ~ ' desc nulls last'
        ) -%}
    {%- endif -%}
    {%- set others = [] -%}
    {%- for column in table.deciding + columns
        if column in present and column not in [table.key, table.latest] -%}
        {%- set cleaned = customer_health.clean_value('source_rows.' ~ column, present[column], kinds[column]) -%}
        {%- set term = (customer_health.byte_order(cleaned) if present[column] == 'text' else cleaned)
            ~ ' asc nulls last' -%}
        {%- if loop.index0 < table.deciding | select('in', present) | list | length -%}
            {%- do deciding.append(term) -%}
        {%- elif column not in table.deciding -%}
            {%- do others.append(term) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set deciding = deciding or ['source_rows.key'] -%}
    {%- do others.extend(customer_health.order_as_they_came('source_rows', columns, kinds)) -%}

with source_rows as (

    select written.* from {{ customer_health.source_rows(source_table) }} as written

),

keyed as (

    select
        {%- for column in columns %}
        source_rows.{{ column }},
        {%- endfor %}
        {{ customer_health.source_key('source_rows.' ~ table.key, table.key, kinds.get(table.key, 'text')) }} as key
    from source_rows

),

-- The few deciding columns first: sorting all rows by all columns takes many times as long.
foremost as (

    select
        source_rows.*,
        rank() over (
            partition by source_rows.key
            order by {{ deciding | join(', ') }}
        ) as deciding_rank,
        count(*) over (partition by source_rows.key) as row_count
    from keyed as source_rows
    where source_rows.key is not null

),

ranked as (

    select
        {%- for column in columns %}
        source_rows.{{ column }},
        {%- endfor %}
        source_rows.key,
        row_number() over (
            partition by source_rows.key
            order by
                {{ (deciding + others) | join(',\n                ') }}
        ) as row_rank,
        source_rows.row_count
    from foremost as source_rows
    where source_rows.deciding_rank <= 2

),

kept as (

    select * from ranked
    where row_rank <= 2
    union all
    select
        keyed.*,
        cast(null as bigint) as row_rank,
        cast(1 as bigint) as row_count
    from keyed
    where key is null

)

select
    kept.*,
    {{ customer_health.row_text('kept', columns) }} as row_text
from kept
{% endmacro %}

{#
    Terms to sort rows by the values as they came: rows that are equal once cleaned may still be written
    differently, and then one of them has a finding.
#}
{% macro order_as_they_came(table_alias, columns, kinds) %}
    {%- set terms = [] -%}
    {%- for column in columns -%}
        {%- set value = table_alias ~ '.' ~ column -%}
        {%- do terms.append(
            (customer_health.byte_order(value) if kinds[column] == 'text' else value) ~ ' asc nulls last'
        ) -%}
    {%- endfor -%}
    {{- return(terms) -}}
{% endmacro %}

{# The columns of `rules` that the source table really has, in source order: name -> rule. #}
{% macro present_columns(source_table, rules) %}
    {%- set kinds = customer_health.source_columns(source_table) -%}
    {%- set present = {} -%}
    {%- for name, rule in rules.items() if name in kinds -%}
        {%- do present.update({name: rule}) -%}
    {%- endfor -%}
    {{- return(present) -}}
{% endmacro %}
