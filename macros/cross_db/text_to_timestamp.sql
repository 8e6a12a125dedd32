{# Text as a timestamp: YYYY-MM-DD, optionally with a time; NULL for anything else or a day that never was. #}
{% macro text_to_timestamp(column) %}
    {{- return(adapter.dispatch('text_to_timestamp', 'customer_health')(column)) -}}
{% endmacro %}

{% macro default__text_to_timestamp(column) %}
    {{- return(
        "case when regexp_matches(trim(" ~ column
        ~ "), '^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T].*)?$') then try_cast(trim(" ~ column ~ ") as timestamp) end"
    ) -}}
{% endmacro %}

{# Seconds since 1970-01-01 as a timestamp; NULL outside the years 1900 to 9999. #}
{% macro epoch_to_timestamp(expression) %}
    {{- return(adapter.dispatch('epoch_to_timestamp', 'customer_health')(expression)) -}}
{% endmacro %}

{% macro default__epoch_to_timestamp(expression) %}
    {{- return(
        "case when " ~ expression ~ " between -2208988800 and 253402300799 then make_timestamp(cast("
        ~ expression ~ " as bigint) * 1000000) end"
    ) -}}
{% endmacro %}
