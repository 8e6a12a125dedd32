{#
    Text as a timestamp in UTC: YYYY-MM-DD of the years from 1000, optionally with a time (HH:MM, seconds,
    up to nine decimals, of which six count) and that with an offset (Z, ' UTC', +HH, +HHMM, +HH:MM). NULL
    for anything else or a day that never was.
#}
{% macro text_to_timestamp(column) %}
    {{- return(adapter.dispatch('text_to_timestamp', 'customer_health')(column)) -}}
{% endmacro %}

{# A time without an offset is one of UTC, whatever the session says. The text once: see number_pattern. #}
{% macro default__text_to_timestamp(column) %}
    {{- return(
        "timezone('UTC', try_cast(regexp_replace(regexp_replace(regexp_extract(cast(" ~ column ~ " as varchar), '"
        ~ customer_health.moment_pattern() ~ "', 1), '^(.{10})\\z', '\\1 00:00'), '^(.{11}[0-9:.]+)\\z', '\\1Z')"
        ~ " as timestamp with time zone))"
    ) -}}
{% endmacro %}

{# Its cast fails on a day that never was, and rounds where the others cut off. #}
{% macro postgres__text_to_timestamp(column) %}
    {%- set text = customer_health.trimmed(column) -%}
    {%- set micros = "regexp_replace(" ~ text ~ ", '([.][0-9]{6})[0-9]+', '\\1')" -%}
    {%- set year = "cast(substr(" ~ text ~ ", 1, 4) as integer)" -%}
    {{- return(
        "case when " ~ text ~ " ~ '^" ~ customer_health.timestamp_pattern() ~ "$'"
        ~ " and " ~ text ~ " !~ '^....-(02-3[01]|(04|06|09|11)-31)'"
        ~ " then case when " ~ text ~ " ~ '^....-02-29' and (mod(" ~ year ~ ", 4) <> 0 or (mod(" ~ year
        ~ ", 100) = 0 and mod(" ~ year ~ ", 400) <> 0)) then null"
        ~ " when length(" ~ text ~ ") > 16 and " ~ text ~ " ~ '" ~ customer_health.offset_pattern()
        ~ "$' then cast(" ~ micros ~ " as timestamp with time zone) at time zone 'UTC'"
        ~ " else cast(" ~ micros ~ " as timestamp) end end"
    ) -}}
{% endmacro %}

{# The session's time zone is UTC (profiles.yml). Its cast wants seconds before an offset. #}
{% macro spark__text_to_timestamp(column) %}
    {{- return(
        "try_cast(regexp_replace(replace(regexp_extract(" ~ column ~ ", r'" ~ customer_health.moment_pattern()
        ~ "', 1), ' UTC', 'Z'), '^(.{16})([Z+-])', '$1:00$2') as timestamp)"
    ) -}}
{% endmacro %}

{# A moment (group 1) and what nobody sees around it. #}
{% macro moment_pattern() %}
    {%- set unseen = customer_health.unseen_characters() ~ '*' -%}
    {{- return('^' ~ unseen ~ '(' ~ customer_health.timestamp_pattern() ~ ')' ~ unseen ~ '\\z') -}}
{% endmacro %}

{# Backslashes and named classes are left out: the three engines read these patterns alike. #}
{% macro timestamp_pattern() %}
    {{- return(
        '[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
        ~ '([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(' ~ customer_health.offset_pattern() ~ ')?)?'
    ) -}}
{% endmacro %}

{% macro offset_pattern() %}
    {{- return('(Z| UTC|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)') -}}
{% endmacro %}

{#
    Seconds since 1970-01-01 as a timestamp; NULL outside the years 1900 to 9999. Numbers beyond those seconds are
    milliseconds, of which they are the years from 1978.
#}
{% macro epoch_to_timestamp(expression) %}
    {%- set seconds = 'case when ' ~ expression ~ ' > 253402300799 then ' ~ expression ~ ' / 1000.0 else ' ~ expression
        ~ ' end' -%}
    {%- set moment = adapter.dispatch('epoch_to_timestamp', 'customer_health')(
        'cast(floor(' ~ seconds ~ ') as bigint)'
    ) -%}
    {{- return('case when ' ~ expression ~ ' between -2208988800 and 253402300799999 then ' ~ moment ~ ' end') -}}
{% endmacro %}

{% macro default__epoch_to_timestamp(seconds) %}
    {{- return('make_timestamp(' ~ seconds ~ ' * 1000000)') -}}
{% endmacro %}

{% macro postgres__epoch_to_timestamp(seconds) %}
    {{- return("(to_timestamp(" ~ seconds ~ ") at time zone 'UTC')") -}}
{% endmacro %}

{% macro spark__epoch_to_timestamp(seconds) %}
    {{- return('timestamp_seconds(' ~ seconds ~ ')') -}}
{% endmacro %}
