{#
    Fails for each value outside [lowest, highest] (either may be left out), and for each NULL unless
    allow_null. Shows the key, the value and the bound that it breaks.
#}
{% test in_range(model, column_name, key, lowest=none, highest=none, allow_null=false) %}

select
    {{ key }} as row_key,
    {{ column_name }} as observed_value,
    case
        when {{ column_name }} is null then 'not null'
        {%- if lowest is not none %}
        when {{ column_name }} < {{ lowest }} then '>= {{ lowest }}'
        {%- endif %}
        else '<= {{ highest }}'
    end as broken_bound
from {{ model }}
where {{ 'false' if allow_null else column_name ~ ' is null' }}
    {%- if lowest is not none %}
    or {{ column_name }} < {{ lowest }}
    {%- endif %}
    {%- if highest is not none %}
    or {{ column_name }} > {{ highest }}
    {%- endif %}

{% endtest %}
