{#
    Fails for each value outside its column's [lowest, highest] (either may be left out), and for each
    NULL unless allow_null; shows the column, the key, the value and the bound that it breaks. One test
    for many columns: each test costs dbt more than the query. columns: name -> block of these three.
#}
{% test columns_in_range(model, key, columns) %}

{%- for column, range in columns.items() %}
select
    '{{ column }}' as column_name,
    cast({{ key }} as {{ customer_health.type_text() }}) as row_key,
    cast({{ column }} as {{ customer_health.type_text() }}) as observed_value,
    case
        when {{ column }} is null then 'not null'
        {%- if range.lowest is defined %}
        when {{ column }} < {{ range.lowest }} then '>= {{ range.lowest }}'
        {%- endif %}
        else '<= {{ range.highest }}'
    end as broken_bound
from {{ model }}
where {{ 'false' if range.allow_null else column ~ ' is null' }}
    {%- if range.lowest is defined %}
    or {{ column }} < {{ range.lowest }}
    {%- endif %}
    {%- if range.highest is defined %}
    or {{ column }} > {{ range.highest }}
    {%- endif %}
{{ 'union all' if not loop.last }}
{%- endfor %}

{% endtest %}
