{#
    JSON on every engine. A token is the JSON text of one value: 5, "5", null, true, [1, 2]. It tells a
    number from a text and null from absent (NULL), which the engines' own functions for values do not.
#}

{#
    A JSON document, parsed once for json_token; NULL if it is no JSON. paths: those that will be taken,
    in their order. Belongs into a CTE of its own that ends with computed_once().
#}
{% macro parsed_json(document, paths) %}
    {{- return(adapter.dispatch('parsed_json', 'customer_health')(document, paths)) -}}
{% endmacro %}

{# All tokens in one pass over the document; to ask first whether it is JSON would be a pass of its own. #}
{% macro default__parsed_json(document, paths) %}
    {{- return('try(json_extract(' ~ document ~ ", ['$." ~ paths | join("', '$.") ~ "']))") -}}
{% endmacro %}

{# Before Postgres 16 nothing tells whether a text is JSON; the loader writes nothing else. #}
{% macro postgres__parsed_json(document, paths) %}
    {{- return('cast(' ~ document ~ ' as jsonb)') -}}
{% endmacro %}

{% macro spark__parsed_json(document, paths) %}
    {{- return('try_parse_json(' ~ document ~ ')') -}}
{% endmacro %}

{# The token at a path (`usage.login_frequency`) of a parsed document; `paths` as given to parsed_json. #}
{% macro json_token(parsed, path, paths) %}
    {{- return(adapter.dispatch('json_token', 'customer_health')(parsed, path, paths)) -}}
{% endmacro %}

{% macro default__json_token(parsed, path, paths) %}
    {{- return(
        'cast(' ~ parsed ~ '[' ~ (paths.index(path) + 1) ~ '] as ' ~ customer_health.type_text() ~ ')'
    ) -}}
{% endmacro %}

{% macro postgres__json_token(parsed, path, paths) %}
    {{- return('cast(' ~ parsed ~ " #> '{" ~ path.replace('.', ',') ~ "}' as text)") -}}
{% endmacro %}

{% macro spark__json_token(parsed, path, paths) %}
    {{- return('to_json(variant_get(' ~ parsed ~ ", '$." ~ path ~ "', 'variant'))") -}}
{% endmacro %}

{# Like json_token, but an object keeps the order of its members. document: the text, which is JSON. #}
{% macro ordered_json_token(document, parsed, path, paths) %}
    {{- return(adapter.dispatch('ordered_json_token', 'customer_health')(document, parsed, path, paths)) -}}
{% endmacro %}

{% macro default__ordered_json_token(document, parsed, path, paths) %}
    {{- return(customer_health.json_token(parsed, path, paths)) -}}
{% endmacro %}

{% macro postgres__ordered_json_token(document, parsed, path, paths) %}
    {{- return('cast(cast(' ~ document ~ " as json) #> '{" ~ path.replace('.', ',') ~ "}' as text)") -}}
{% endmacro %}

{% macro spark__ordered_json_token(document, parsed, path, paths) %}
    {%- set token = customer_health.json_token(parsed, path, paths) -%}
    {{- return(
        'case when left(' ~ token ~ ", 1) = '{' then get_json_object(" ~ document ~ ", '$." ~ path ~ "') else "
        ~ token ~ ' end'
    ) -}}
{% endmacro %}

{# The text that a token stands for; NULL if it is no JSON string. #}
{% macro json_text(token) %}
    {{- return(adapter.dispatch('json_text', 'customer_health')(token)) -}}
{% endmacro %}

{% macro default__json_text(token) %}
    {{- return('case when ' ~ token ~ " like '\"%' then json_extract_string(" ~ token ~ ", '$') end") -}}
{% endmacro %}

{% macro postgres__json_text(token) %}
    {{- return('case when ' ~ token ~ " like '\"%' then cast(" ~ token ~ " as jsonb) #>> '{}' end") -}}
{% endmacro %}

{% macro spark__json_text(token) %}
    {{- return(
        'case when ' ~ token ~ " like '\"%' then variant_get(try_parse_json(" ~ token ~ "), '$', 'string') end"
    ) -}}
{% endmacro %}

{#
    The number that a token stands for, as a double; true is 1 and false 0. NULL if it is neither, or
    beyond 2^53, where a double no longer holds every whole number.
#}
{% macro json_number(token) %}
    {%- set number = customer_health.json_double(token) -%}
    {{- return(
        'case when ' ~ token ~ " = 'true' then " ~ customer_health.double(1) ~ ' when ' ~ token ~ " = 'false' then "
        ~ customer_health.double(0) ~ ' when ' ~ number ~ ' between -9007199254740992 and 9007199254740992 then '
        ~ number ~ ' end'
    ) -}}
{% endmacro %}

{# A token as a double, NULL if it is no number. #}
{% macro json_double(token) %}
    {{- return(adapter.dispatch('json_double', 'customer_health')(token)) -}}
{% endmacro %}

{% macro default__json_double(token) %}
    {{- return('try_cast(' ~ token ~ ' as ' ~ customer_health.type_double() ~ ')') -}}
{% endmacro %}

{% macro postgres__json_double(token) %}
    {{- return(customer_health.text_to_double(token)) -}}
{% endmacro %}

{# Whether a token is what Python takes for true: anything but absent, null, false, 0, "", [] and {}. #}
{% macro json_truth(token) %}
    {{- return(
        '(coalesce(' ~ token ~ ", 'null') not in ('null', 'false', '\"\"', '[]', '{}')"
        ~ ' and coalesce(' ~ customer_health.json_double(token) ~ ', 1) <> 0)'
    ) -}}
{% endmacro %}

{#
    The members of an object, as a whole SELECT: the listed columns of the relation, then position (from
    1), name, and token of the value. The column `token` holds objects; anything else has no members.
#}
{% macro json_members(relation, columns, token) %}
    {{- return(adapter.dispatch('json_members', 'customer_health')(relation, columns, token)) -}}
{% endmacro %}

{% macro default__json_members(relation, columns, token) %}
select
    {{ columns | join(', ') }},
    unnest(range(1, cast(len(json_keys({{ token }})) as bigint) + 1)) as position,
    unnest(json_keys({{ token }})) as name,
    cast(unnest(json_extract({{ token }}, '$.*')) as {{ customer_health.type_text() }}) as token
from {{ relation }}
where left({{ token }}, 1) = '{'
{% endmacro %}

{% macro postgres__json_members(relation, columns, token) %}
select
    {{ columns | join(', ') }},
    members.position,
    members.name,
    cast(members.token as text) as token
from {{ relation }}
cross join lateral
    json_each(case when left({{ token }}, 1) = '{' then cast({{ token }} as json) end)
    with ordinality as members (name, token, position)
{% endmacro %}

{% macro spark__json_members(relation, columns, token) %}
select
    {{ columns | join(', ') }},
    cast(members.place + 1 as bigint) as position,
    members.name,
    to_json(members.token) as token
from {{ relation }}
lateral view
    posexplode(from_json(case when left({{ token }}, 1) = '{' then {{ token }} end, 'map<string, variant>')) members
    as place, name, token
{% endmacro %}

{# The items of a list, as a whole SELECT: the listed columns of the relation, position (from 1), token. #}
{% macro json_items(relation, columns, token) %}
    {{- return(adapter.dispatch('json_items', 'customer_health')(relation, columns, token)) -}}
{% endmacro %}

{% macro default__json_items(relation, columns, token) %}
select
    {{ columns | join(', ') }},
    unnest(range(1, cast(json_array_length({{ token }}) as bigint) + 1)) as position,
    cast(unnest(json_extract({{ token }}, '$[*]')) as {{ customer_health.type_text() }}) as token
from {{ relation }}
where left({{ token }}, 1) = '['
{% endmacro %}

{% macro postgres__json_items(relation, columns, token) %}
select
    {{ columns | join(', ') }},
    items.position,
    cast(items.token as text) as token
from {{ relation }}
cross join lateral
    json_array_elements(case when left({{ token }}, 1) = '[' then cast({{ token }} as json) end)
    with ordinality as items (token, position)
{% endmacro %}

{% macro spark__json_items(relation, columns, token) %}
select
    {{ columns | join(', ') }},
    cast(items.place + 1 as bigint) as position,
    to_json(items.token) as token
from {{ relation }}
lateral view
    posexplode(from_json(case when left({{ token }}, 1) = '[' then {{ token }} end, 'array<variant>')) items
    as place, token
{% endmacro %}
