{# Fails for each row in which the parts do not sum to the total exactly. NULL parts count as nothing. #}
{% test parts_sum_to_total(model, key, parts, total) %}

select
    {{ key }} as row_key,
    {{ total }} as expected_total,
    {% for part in parts %}coalesce({{ part }}, 0){{ ' + ' if not loop.last }}{% endfor %} as observed_total
from {{ model }}
where {{ total }} is not null
    and {{ total }} <> {% for part in parts %}coalesce({{ part }}, 0){{ ' + ' if not loop.last }}{% endfor %}

{% endtest %}
