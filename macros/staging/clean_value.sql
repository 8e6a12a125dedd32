{#
    Cleaning of one source column. Each rule says which values a column accepts; anything else becomes
    NULL (unknown), or the label 'Unknown', and is listed in quality.value_findings by `finding_code`.

    rule           accepts                                                     result
    text           anything but blanks and NULL or \N, trimmed                 text
    key            what source_key accepts                                     text
    amount         0 .. 2^53                                                   double
    count          whole numbers 0 .. 2^53                                     bigint
    signed_amount  -2^53 .. 2^53                                               double
    signed_count   whole numbers -2^53 .. 2^53                                 bigint
    percentage     0 .. 100                                                    double
    score          whole numbers 0 .. 100                                      bigint
    rfm_score      whole numbers 1 .. 5                                        bigint
    flag           0, 1, true, false, t, f, y, n, whatever case                integer
    timestamp      1900-01-01 .. one day after as_of_date                      timestamp
    epoch_seconds  the same, also as seconds (or milliseconds) since 1970      timestamp
    industry, size_segment   the labels of the settings, whatever case         text

    Blanks and words for nothing (NULL, \N; None where it can be no name) are no value. Beyond 2^53 a double
    no longer holds every whole number, so a figure there cannot be exact.
#}
{% macro clean_value(column, rule, kind) %}
    {%- set number = customer_health.number_rule(rule) -%}
    {%- if kind is none -%}
        {{- return('cast(null as ' ~ customer_health.type_of_rule(rule) ~ ')') -}}
    {%- elif rule == 'text' -%}
        {{- return(
            "nullif(nullif(nullif(" ~ customer_health.trimmed_text(column, kind) ~ ", 'NULL'), 'null'), "
            ~ customer_health.text_literal('\\N') ~ ')'
        ) -}}
    {%- elif rule == 'key' -%}
        {{- return(customer_health.source_key(column, '', kind)) -}}
    {%- elif rule in ['industry', 'size_segment'] -%}
        {#- Also of the kind text: Postgres compares an enum with its own labels only. -#}
        {%- set text = 'cast(' ~ column ~ ' as ' ~ customer_health.type_text() ~ ')' -%}
        {{- return(customer_health.recognised_label(text, customer_health.known_labels(rule))) -}}
    {%- elif rule in ['timestamp', 'epoch_seconds'] -%}
        {%- set moment = customer_health.parsed_moment(column, rule, kind) -%}
        {{- return('case when ' ~ customer_health.is_possible_moment(moment) ~ ' then ' ~ moment ~ ' end') -}}
    {%- else -%}
        {%- set value = customer_health.parsed_number(column, rule, kind) -%}
        {%- set cleaned = 'cast(' ~ value ~ ' as ' ~ customer_health.type_of_rule(rule) ~ ')' -%}
        {%- if not number.whole and kind in ['text', 'double', 'decimal'] -%}
            {%- set cleaned = customer_health.computable(cleaned) -%}
        {%- endif -%}
        {{- return(
            'case when ' ~ customer_health.is_accepted_number(value, number, kind) ~ ' then ' ~ cleaned ~ ' end'
        ) -}}
    {%- endif -%}
{% endmacro %}

{# True for a value that is there and that the rule does not accept; cheap enough for every row. #}
{% macro is_refused(column, rule, kind) %}
    {%- if rule in ['industry', 'size_segment'] -%}
        {{- return("(" ~ customer_health.clean_value(column, rule, kind) ~ ") = 'Unknown'") -}}
    {%- elif kind == 'text' -%}
        {{- return(
            '(not ' ~ customer_health.is_nothing(column, kind) ~ ' and (' ~ customer_health.clean_value(column, rule, kind)
            ~ ') is null)'
        ) -}}
    {%- elif rule in ['timestamp', 'epoch_seconds'] or kind in ['date', 'timestamp'] -%}
        {{- return(
            '(' ~ column ~ ' is not null and (' ~ customer_health.clean_value(column, rule, kind) ~ ') is null)'
        ) -}}
    {%- else -%}
        {{- return('not (' ~ customer_health.is_accepted_number(
            customer_health.parsed_number(column, rule, kind), customer_health.number_rule(rule), kind
        ) ~ ')') -}}
    {%- endif -%}
{% endmacro %}

{# Why a value is refused, as a reason code; NULL for an accepted or absent value. #}
{% macro finding_code(column, rule, kind) %}
    {%- if rule in ['industry', 'size_segment'] -%}
        case
            when {{ customer_health.is_nothing(column, kind) }} then 'missing_label'
            when {{ customer_health.is_refused(column, rule, kind) }} then 'unknown_label'
        end
    {%- elif rule in ['timestamp', 'epoch_seconds'] -%}
        case when {{ customer_health.is_refused(column, rule, kind) }} then 'impossible_date' end
    {%- elif rule == 'flag' -%}
        case when {{ customer_health.is_refused(column, rule, kind) }} then 'not_a_flag' end
    {%- else -%}
        {%- set value = customer_health.parsed_number(column, rule, kind) -%}
        {%- set number = customer_health.number_rule(rule) -%}
        case
            when {{ column }} is null or not ({{ customer_health.is_refused(column, rule, kind) }}) then null
            {%- if kind == 'text' %}
            when {{ customer_health.text_matches(
                'lower(' ~ customer_health.trimmed(column) ~ ')', '^(nan|[+-]?inf(inity)?)\\z'
            ) }} then 'not_finite'
            {%- endif %}
            when {{ value }} is null then 'not_a_number'
            {%- if kind in ['text', 'double'] %}
            when not ({{ value }} between -1.7976931348623157e308 and 1.7976931348623157e308) then 'not_finite'
            {%- endif %}
            {%- if number.highest <= 100 %}
            when not ({{ value }} between {{ number.lowest }} and {{ number.highest }}) then 'out_of_range'
            {%- else %}
            when {{ value }} < {{ number.lowest }} then '{{ "negative" if number.lowest == 0 else "too_large" }}'
            when {{ value }} > {{ number.highest }} then 'too_large'
            {%- endif %}
            else 'not_whole'
        end
    {%- endif -%}
{% endmacro %}

{% macro number_rule(rule) %}
    {%- set limit = 9007199254740992 -%}
    {{- return({
        'amount': {'lowest': 0, 'highest': limit, 'whole': false},
        'count': {'lowest': 0, 'highest': limit, 'whole': true},
        'signed_amount': {'lowest': -limit, 'highest': limit, 'whole': false},
        'signed_count': {'lowest': -limit, 'highest': limit, 'whole': true},
        'percentage': {'lowest': 0, 'highest': 100, 'whole': false},
        'score': {'lowest': 0, 'highest': 100, 'whole': true},
        'rfm_score': {'lowest': 1, 'highest': 5, 'whole': true},
        'flag': {'lowest': 0, 'highest': 1, 'whole': true},
    }.get(rule)) -}}
{% endmacro %}

{% macro type_of_rule(rule) %}
    {%- if rule in ['amount', 'signed_amount', 'percentage'] -%}{{- return(customer_health.type_double()) -}}
    {%- elif rule in ['count', 'signed_count', 'score', 'rfm_score'] -%}{{- return('bigint') -}}
    {%- elif rule == 'flag' -%}{{- return('integer') -}}
    {%- elif rule in ['timestamp', 'epoch_seconds'] -%}{{- return('timestamp') -}}
    {%- else -%}{{- return(customer_health.type_text()) -}}
    {%- endif -%}
{% endmacro %}

{% macro trimmed_text(column, kind) %}
    {{- return("nullif(" ~ customer_health.trimmed(customer_health.as_text(column, kind)) ~ ", '')") -}}
{% endmacro %}

{#
    True for a blank or a word for nothing (NULL, None, \N, whatever case), in which tools write a value that is not
    there; never NULL. DuckDB plans a join for a list of more than five, and there are hundreds of these.
#}
{% macro is_nothing(column, kind) %}
    {%- if kind != 'text' -%}{{- return('(' ~ column ~ ' is null)') -}}{%- endif -%}
    {{- return(
        '(coalesce(lower(' ~ customer_health.trimmed(column) ~ "), '') in ('', 'null', 'none', "
        ~ customer_health.text_literal('\\n') ~ '))'
    ) -}}
{% endmacro %}

{# The column as text, untouched when it already is. #}
{% macro as_text(column, kind) %}
    {{- return(column if kind == 'text' else 'cast(' ~ column ~ ' as ' ~ customer_health.type_text() ~ ')') -}}
{% endmacro %}

{# NaN compares above every number on all engines, so one BETWEEN refuses NaN and both infinities. #}
{% macro is_accepted_number(value, number, kind) %}
    {%- set in_range = value ~ ' between ' ~ number.lowest ~ ' and ' ~ number.highest -%}
    {%- if number.whole and kind in ['text', 'double', 'decimal'] -%}
        {{- return('(' ~ in_range ~ ' and ' ~ value ~ ' = floor(' ~ value ~ '))') -}}
    {%- endif -%}
    {{- return(in_range) -}}
{% endmacro %}

{# The column as a number, whatever its source type; NULL for text that is no number. #}
{% macro parsed_number(column, rule, kind) %}
    {%- if kind == 'text' and rule == 'flag' -%}
        {{- return(
            'case lower(' ~ customer_health.trimmed(column) ~ ") when 'true' then 1 when 't' then 1 when 'y' then 1"
            ~ " when 'false' then 0 when 'f' then 0 when 'n' then 0 else " ~ customer_health.text_to_double(column) ~ ' end'
        ) -}}
    {%- elif kind == 'text' -%}
        {{- return(customer_health.text_to_double(column)) -}}
    {%- elif kind == 'boolean' -%}
        {{- return('cast(' ~ column ~ ' as integer)') -}}
    {%- elif kind in ['date', 'timestamp', 'instant'] -%}
        {{- return('cast(null as ' ~ customer_health.type_double() ~ ')') -}}
    {%- else -%}
        {{- return(column) -}}
    {%- endif -%}
{% endmacro %}

{# The column as a timestamp, whatever its source type; NULL for text that is no date. #}
{% macro parsed_moment(column, rule, kind) %}
    {%- if kind in ['date', 'timestamp'] -%}
        {{- return('cast(' ~ column ~ ' as timestamp)') -}}
    {%- elif kind == 'instant' -%}
        {#- A cast would count in the zone of the session. -#}
        {{- return("timezone('UTC', " ~ column ~ ')') -}}
    {%- elif kind == 'text' and rule == 'epoch_seconds' -%}
        {{- return(
            'coalesce(' ~ customer_health.epoch_to_timestamp(customer_health.text_to_double(column))
            ~ ', ' ~ customer_health.text_to_timestamp(column) ~ ')'
        ) -}}
    {%- elif kind == 'text' -%}
        {{- return(customer_health.text_to_timestamp(column)) -}}
    {%- elif kind == 'boolean' -%}
        {{- return('cast(null as timestamp)') -}}
    {%- else -%}
        {{- return(customer_health.epoch_to_timestamp(column)) -}}
    {%- endif -%}
{% endmacro %}

{# From 1900-01-01 to the end of the day after as_of_date: one day of grace for time zones. #}
{% macro is_possible_moment(moment) %}
    {{- return(
        '(' ~ moment ~ " >= timestamp '1900-01-01 00:00:00' and " ~ moment ~ ' < cast('
        ~ customer_health.as_of_date() ~ " as timestamp) + interval '2' day)"
    ) -}}
{% endmacro %}

{# The label in the spelling of the setting; case, blanks, '-' and '_' do not matter. #}
{% macro recognised_label(column, labels) %}
    {%- set plain = "lower(replace(replace(" ~ customer_health.trimmed(column) ~ ", '-', ' '), '_', ' '))" -%}
    {%- set quoted = [] -%}
    {%- for label in labels -%}
        {%- do quoted.append(customer_health.text_literal(label)) -%}
    {%- endfor -%}
    case
        when {{ column }} in ({{ quoted | join(', ') }}) then {{ column }}
        else case {{ plain }}
            {%- for label in quoted %}
            when {{ label.replace('-', ' ').replace('_', ' ') | lower }} then {{ label }}
            {%- endfor %}
            else 'Unknown'
        end
    end
{%- endmacro %}
