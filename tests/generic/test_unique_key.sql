{# Fails for each combination of the key columns that occurs more than once or has a NULL in it. #}
{% test unique_key(model, columns) %}

select
    {{ columns | join(',\n    ') }},
    count(*) as observed_rows,
    1 as expected_rows
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
