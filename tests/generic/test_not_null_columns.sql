{#
    Fails for each row with a NULL in one of the columns; shows the key and the first such column. One
    test for many columns: on a server each test costs a round trip and a scan.
#}
{% test not_null_columns(model, key, columns) %}

select
    {{ key }} as row_key,
    case
        {%- for column in columns %}
        when {{ column }} is null then '{{ column }}'
        {%- endfor %}
    end as null_column
from {{ model }}
where false
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
