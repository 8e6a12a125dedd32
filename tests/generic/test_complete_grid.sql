{#
    Fails for each missing combination of the values in `dimensions` (name -> list of values) and for
    each row outside the grid: the model has every cell of the matrix and no other. Cells count per
    value of `per` (for example each policy).
#}
{% test complete_grid(model, dimensions, per=none, minimum_rows=1) %}

{%- set names = dimensions.keys() | list %}

with
{%- for name, members in dimensions.items() %}
{{ name }}_members as (

    {%- for member in members %}
    select {{ customer_health.text_literal(member) }} as {{ name }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),
{%- endfor %}

grid_groups as (

    select distinct {{ per or "'all'" }} as grid_group
    from {{ model }}

),

expected as (

    select *
    from grid_groups
    {%- for name in names %}
    cross join {{ name }}_members
    {%- endfor %}

),

observed as (

    select
        {{ per or "'all'" }} as grid_group,
        {{ names | join(',\n        ') }},
        count(*) as observed_rows
    from {{ model }}
    group by {{ (([per] if per else []) + names) | join(', ') }}

)

select
    coalesce(expected.grid_group, observed.grid_group) as grid_group,
    {%- for name in names %}
    coalesce(expected.{{ name }}, observed.{{ name }}) as {{ name }},
    {%- endfor %}
    coalesce(observed.observed_rows, 0) as observed_rows,
    case when expected.grid_group is null then 0 else {{ minimum_rows }} end as expected_minimum
from expected
full outer join observed
    on expected.grid_group = observed.grid_group
    {%- for name in names %}
    and expected.{{ name }} = observed.{{ name }}
    {%- endfor %}
where expected.grid_group is null
    or coalesce(observed.observed_rows, 0) < {{ minimum_rows }}

{% endtest %}
