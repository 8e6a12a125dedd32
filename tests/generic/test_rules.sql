{#
    Fails for each row that breaks a rule of its own model, and shows the rule, the key, the value and the
    bound. One test a model: each costs dbt more than its query.

    key: the columns that identify a row; none is NULL, no two rows share them
    shown_by: for a model without such a key, the expression that a failing row is shown by
    also_unique: further lists of columns, or {columns, where}; rows with a NULL in them do not count
    not_null: columns
    ranges: column -> {lowest, highest, allow_null, where}; without allow_null a NULL fails
    labels: column -> the values that it may have; NULL passes
    sums: column -> the columns whose sum it is, exactly; a NULL part counts as nothing, a NULL total passes
    grid: {dimensions: column -> values, per, minimum_rows}; the model has every cell and no other
    references: column -> {to, field}; each value is one of that field, NULL passes
    totals: a list of {column, per, parent, parent_column}: per value of `per` the rows of this model sum to
        parent_column, exactly; a value without rows, and rows without a value, fail as well

    References and totals that look at what is no ancestor of the model stand in a second test, <model>_agrees:
    a selection without the other model then leaves out that test only.
#}
{% test rules(
    model, key=[], shown_by=none, also_unique=[], not_null=[], ranges={}, labels={}, sums={}, grid=none, references={},
    totals=[]
) %}

{%- if execute %}
{%- set text = customer_health.type_text() %}
{%- set checks = [] %}
{%- for column in key + not_null %}
{%- do checks.append(('not null', column, column ~ ' is null', 'not null')) %}
{%- endfor %}
{%- for column, range in ranges.items() %}
{%- set only = range.where ~ ' and ' if range.where else '' %}
{%- if not range.allow_null %}
{%- do checks.append(('range', column, only ~ column ~ ' is null', 'not null')) %}
{%- endif %}
{%- if range.lowest is defined %}
{%- do checks.append(('range', column, only ~ column ~ ' < ' ~ range.lowest, '>= ' ~ range.lowest)) %}
{%- endif %}
{%- if range.highest is defined %}
{%- do checks.append(('range', column, only ~ column ~ ' > ' ~ range.highest, '<= ' ~ range.highest)) %}
{%- endif %}
{%- endfor %}
{%- for column, members in labels.items() %}
{%- set literals = [] %}
{%- for member in members %}{% do literals.append(customer_health.text_literal(member | string)) %}{% endfor %}
{%- set condition = 'cast(' ~ column ~ ' as ' ~ text ~ ') not in (' ~ literals | join(', ') ~ ')' %}
{%- do checks.append(('label', column, condition, members | join(', '))) %}
{%- endfor %}
{%- for total, parts in sums.items() %}
{%- set sum = 'coalesce(' ~ parts | join(', 0) + coalesce(') ~ ', 0)' %}
{%- do checks.append(('sum', total, total ~ ' <> ' ~ sum, parts | join(' + '))) %}
{%- endfor %}
{%- if checks and not key and not shown_by %}
{{- customer_health.raise_argument_error('test_rules', 'shown_by', 'empty', 'the columns of the key, or shown_by') }}
{%- endif %}
{%- set uniques = [{'columns': key}] if key else [] %}
{%- for entry in also_unique %}
{%- do uniques.append(entry if entry is mapping else {'columns': entry}) %}
{%- endfor %}
{%- set branches = [] %}

with rows_of_model as (

    select * from {{ model }}

)
{%- if checks %}
{%- do branches.append('row_rules') %},

numbered as (

    select
        *,
        case
            {%- for rule, column, condition, bound in checks %}
            when {{ condition }} then {{ loop.index }}
            {%- endfor %}
        end as broken_rule
    from rows_of_model

),

row_rules as (

    select
        case broken_rule
            {%- for rule, column, condition, bound in checks %}
            when {{ loop.index }} then '{{ rule }}'
            {%- endfor %}
        end as broken_rule,
        {{ 'cast(' ~ shown_by ~ ' as ' ~ text ~ ')' if shown_by else customer_health.shown_key(key) }} as row_key,
        case broken_rule
            {%- for rule, column, condition, bound in checks %}
            when {{ loop.index }} then '{{ column }}'
            {%- endfor %}
        end as column_name,
        case broken_rule
            {%- for rule, column, condition, bound in checks %}
            when {{ loop.index }} then cast({{ column }} as {{ text }})
            {%- endfor %}
        end as observed_value,
        case broken_rule
            {%- for rule, column, condition, bound in checks %}
            when {{ loop.index }} then {{ customer_health.text_literal(bound | string) }}
            {%- endfor %}
        end as bound
    from numbered
    where broken_rule is not null

)
{%- endif %}
{%- for unique in uniques %}
{%- do branches.append('unique_' ~ loop.index) %},

unique_{{ loop.index }} as (

    select
        'unique' as broken_rule,
        {{ customer_health.shown_key(unique.columns) }} as row_key,
        '{{ unique.columns | join(', ') }}' as column_name,
        cast(count(*) as {{ text }}) as observed_value,
        '1 row' as bound
    from rows_of_model
    where {{ unique.columns | join(' is not null and ') }} is not null
        {{- ' and ' ~ unique.where if unique.where }}
    group by {{ unique.columns | join(', ') }}
    having count(*) > 1

)
{%- endfor %}
{%- if grid %}
{%- do branches.append('grid_cells') %}
{%- set names = grid.dimensions.keys() | list %}
{%- set minimum = grid.minimum_rows | default(1) %}
{%- set per = grid.per or "'all'" %}
{%- for name, members in grid.dimensions.items() %},

{{ name }}_members as (

    {%- for member in members %}
    select {{ customer_health.text_literal(member) }} as {{ name }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)
{%- endfor %},

grid_groups as (

    select distinct {{ per }} as grid_group
    from rows_of_model

),

expected_cells as (

    select *
    from grid_groups
    {%- for name in names %}
    cross join {{ name }}_members
    {%- endfor %}

),

observed_cells as (

    select
        {{ per }} as grid_group,
        {{ names | join(',\n        ') }},
        count(*) as observed_rows
    from rows_of_model
    group by {{ (([grid.per] if grid.per else []) + names) | join(', ') }}

),

grid_cells as (

    select
        'grid' as broken_rule,
        coalesce(expected_cells.grid_group, observed_cells.grid_group)
        {%- for name in names %}
        || ' ' || coalesce(expected_cells.{{ name }}, observed_cells.{{ name }})
        {%- endfor %} as row_key,
        '{{ names | join(', ') }}' as column_name,
        cast(coalesce(observed_cells.observed_rows, 0) as {{ text }}) as observed_value,
        case when expected_cells.grid_group is null then 'no row' else '>= {{ minimum }} rows' end as bound
    from expected_cells
    full outer join observed_cells
        on expected_cells.grid_group = observed_cells.grid_group
        {%- for name in names %}
        and expected_cells.{{ name }} = observed_cells.{{ name }}
        {%- endfor %}
    where expected_cells.grid_group is null
        or coalesce(observed_cells.observed_rows, 0) < {{ minimum }}

)
{%- endif %}

{%- for column, reference in references.items() %}
{%- do branches.append('reference_' ~ loop.index) %},

reference_{{ loop.index }} as (

    select
        'reference' as broken_rule,
        cast({{ column }} as {{ text }}) as row_key,
        '{{ column }}' as column_name,
        cast({{ column }} as {{ text }}) as observed_value,
        'a {{ reference.field }} of {{ customer_health.shown_relation(reference.to) }}' as bound
    from rows_of_model
    where {{ column }} is not null
        and {{ column }} not in (
            select {{ reference.field }} from {{ reference.to }} where {{ reference.field }} is not null
        )
    group by {{ column }}

)
{%- endfor %}
{%- for total in totals %}
{%- do branches.append('total_' ~ loop.index) %},

children_{{ loop.index }} as (

    select
        {{ total.per }} as row_key,
        sum({{ total.column }}) as observed_total
    from rows_of_model
    group by 1

),

parents_{{ loop.index }} as (

    select
        {{ total.per }} as row_key,
        {{ total.parent_column }} as expected_total
    from {{ total.parent }}

),

total_{{ loop.index }} as (

    select
        'total' as broken_rule,
        cast(coalesce(parents.row_key, children.row_key) as {{ text }}) as row_key,
        '{{ total.column }}' as column_name,
        cast(children.observed_total as {{ text }}) as observed_value,
        cast(parents.expected_total as {{ text }}) as bound
    from parents_{{ loop.index }} as parents
    full outer join children_{{ loop.index }} as children
        on parents.row_key = children.row_key
    where parents.expected_total <> children.observed_total
        or (parents.expected_total is null) <> (children.observed_total is null)

)
{%- endfor %}

{% for branch in branches %}
select * from {{ branch }}
{{ 'union all' if not loop.last }}
{%- endfor %}
{%- endif %}

{% endtest %}

{# The columns of a key as one text, for people. #}
{% macro shown_key(columns) %}
    {%- for column in columns -%}
        coalesce(cast({{ column }} as {{ customer_health.type_text() }}), 'NULL'){{ " || ' ' || " if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{# The name of a relation for people, without quotes. #}
{% macro shown_relation(relation) %}
    {{- return((relation | string).replace('"', '').replace('`', '').replace("'", '')) -}}
{% endmacro %}
