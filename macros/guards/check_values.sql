{# Small checks of settings. `where` says which setting; each stops the run with one sentence. #}

{% macro check_name(where, name) %}
    {%- if name is not string or not modules.re.match('^[a-z][a-z0-9_]{0,23}$', name) -%}
        {{- customer_health.raise_error(
            where, 'has an unusable name', 'use up to 24 lower-case letters, digits and underscores'
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_keys(where, block, required, optional) %}
    {%- if block is not mapping -%}
        {{- customer_health.raise_error(where, 'is not a block of keys', 'write its keys below it') -}}
    {%- endif -%}
    {%- for key in required if key not in block -%}
        {{- customer_health.raise_error(where, 'lacks the key ' ~ key, 'add it') -}}
    {%- endfor -%}
    {%- for key in block if key not in required and key not in optional -%}
        {{- customer_health.raise_error(
            where, 'has the unknown key ' ~ key, 'use only ' ~ (required + optional) | join(', ')
        ) -}}
    {%- endfor -%}
{% endmacro %}

{# A label that goes into SQL and reports: text without quotation marks. #}
{% macro check_label(where, label) %}
    {%- if label is not string or not modules.re.match('^[^\\x00-\\x1f\'"\\\\]{1,60}$', label) or label != label | trim -%}
        {{- customer_health.raise_error(
            where, 'has the label ' ~ label, 'give labels as text of up to 60 characters without quotation marks'
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_list(where, entries) %}
    {%- if entries is string or entries is mapping or entries is not iterable or entries | length == 0 -%}
        {{- customer_health.raise_error(where, 'is not a list with entries', 'give at least one entry') -}}
    {%- endif -%}
{% endmacro %}

{% macro check_number(where, value, lowest, highest) %}
    {%- if value is not number or value is boolean or (value | string) in ['nan', 'inf', '-inf'] -%}
        {{- customer_health.raise_error(where, 'is not a number', 'give a number') -}}
    {%- endif -%}
    {%- if (value * 1000000) | round != value * 1000000 and (value * 1000000 - (value * 1000000) | round) | abs > 0.001 -%}
        {{- customer_health.raise_error(where, 'is ' ~ value, 'give at most six decimals') -}}
    {%- endif -%}
    {%- if (lowest is not none and value < lowest) or (highest is not none and value > highest) -%}
        {{- customer_health.raise_error(
            where, 'is ' ~ value, 'give a number from ' ~ lowest ~ ' to ' ~ highest
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_choice(where, value, choices) %}
    {%- if value not in choices -%}
        {{- customer_health.raise_error(
            where, 'is ' ~ ('empty' if value is none else value ~ ', which is unknown'), 'use one of ' ~ choices | join(', ')
        ) -}}
    {%- endif -%}
{% endmacro %}

{% macro check_unique(where, names) %}
    {%- set seen = [] -%}
    {%- for name in names -%}
        {%- if name in seen -%}
            {{- customer_health.raise_error(where, 'names ' ~ name ~ ' twice', 'name it once') -}}
        {%- endif -%}
        {%- do seen.append(name) -%}
    {%- endfor -%}
{% endmacro %}

{% macro check_descending(where, numbers) %}
    {%- for number in numbers -%}
        {%- if not loop.first and number >= loop.previtem -%}
            {{- customer_health.raise_error(
                where, 'does not descend: ' ~ number ~ ' comes after ' ~ loop.previtem,
                'order it from high to low'
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{# Weights: positive, at most six decimals, and together exactly 1. #}
{% macro check_weights(where, entries) %}
    {%- set total = namespace(millionths=0) -%}
    {%- for entry in entries -%}
        {%- do customer_health.check_number(where ~ ', key weight', entry.weight, 0, 1) -%}
        {%- set millionths = customer_health.in_millionths(entry.weight) -%}
        {%- if millionths == 0 or (entry.weight * 1000000 - millionths) | abs > 0.001 -%}
            {{- customer_health.raise_error(
                where, 'has the weight ' ~ entry.weight,
                'give every weight as a number above 0 with at most six decimals'
            ) -}}
        {%- endif -%}
        {%- set total.millionths = total.millionths + millionths -%}
    {%- endfor -%}
    {%- if total.millionths != 1000000 -%}
        {{- customer_health.raise_error(
            where, 'has weights that sum to ' ~ (total.millionths / 1000000), 'make them sum to 1'
        ) -}}
    {%- endif -%}
{% endmacro %}

{# A whole number within bounds; stops the run otherwise. #}
{% macro check_whole_number(where, value, lowest, highest) %}
    {%- do customer_health.check_number(where, value, lowest, highest) -%}
    {%- if value != value | int -%}
        {{- customer_health.raise_error(where, 'is ' ~ value, 'give a whole number') -}}
    {%- endif -%}
{% endmacro %}

{# A day of the calendar, 'YYYY-MM-DD'. Returns it as text. #}
{% macro checked_day(where, day) %}
    {%- set text = day | string -%}
    {%- if not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', text) -%}
        {{- customer_health.raise_error(where, 'is ' ~ text, 'write it as YYYY-MM-DD') -}}
    {%- endif -%}
    {%- set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
    {%- set is_leap_year = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0 -%}
    {%- set days = [31, 29 if is_leap_year else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
    {%- if year == 0 or month < 1 or month > 12 or day < 1 or day > days[month - 1] -%}
        {{- customer_health.raise_error(where, 'is ' ~ text ~ ', a day that never was', 'give a day of the calendar') -}}
    {%- endif -%}
    {{- return(text) -}}
{% endmacro %}

{# Of some names the one that shares most pairs of neighbouring letters with a name; none where no half is shared. #}
{% macro nearest_name(name, names) %}
    {%- set best = namespace(name=none, share=0.5) -%}
    {%- for other in names -%}
        {%- set shared = [] -%}
        {%- for place in range(name | length - 1) if name[place:place + 2] in other -%}{%- do shared.append(place) -%}{%- endfor -%}
        {%- set share = 2 * shared | length / (name | length + other | length - 2) -%}
        {%- if share > best.share -%}
            {%- set best.name, best.share = other, share -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(best.name) -}}
{% endmacro %}
