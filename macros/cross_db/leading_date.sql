{#
    The day that a text begins with, as a date: its first ten characters as Python's strptime reads
    %Y-%m-%d (months and days of one digit too; what follows the tenth character does not count). NULL
    for anything else, a day that never was, and years before 1000.
#}
{% macro leading_date(text) %}
    {%- set beginning = 'left(' ~ text ~ ', 10)' -%}
    {%- set parts = [] -%}
    {%- for number in [1, 2, 3] -%}
        {%- do parts.append('split_part(' ~ beginning ~ ", '-', " ~ number ~ ')') -%}
    {%- endfor -%}
    {%- set written_out = parts[0] ~ " || '-' || lpad(" ~ parts[1] ~ ", 2, '0') || '-' || lpad(ltrim(" ~ parts[2] ~ "), 2, '0')" -%}
    {{- return(
        'case when length(' ~ beginning ~ ') = length(' ~ parts[0] ~ ') + length(' ~ parts[1] ~ ') + length(' ~ parts[2]
        ~ ') + 2 and length(' ~ parts[0] ~ ') = 4 and length(' ~ parts[1] ~ ') <= 2 and length(' ~ parts[2] ~ ') <= 2 then cast('
        ~ customer_health.text_to_timestamp('(' ~ written_out ~ ')') ~ ' as date) end'
    ) -}}
{% endmacro %}
