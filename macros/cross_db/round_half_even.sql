{#
    Python's round(): the exact binary value of a double, rounded to whole numbers or to tenths, ties to
    even; a double again. The engines' own rounding goes by the decimal that a double prints as, or
    takes ties elsewhere. Give a column, since the expression is used several times.
#}

{% macro round_half_even(column) %}
    {%- set whole = 'floor(abs(' ~ column ~ '))' -%}
    {%- set rest = '(abs(' ~ column ~ ') - ' ~ whole ~ ')' -%}
    {%- set half = customer_health.double('0.5') -%}
    {{- return(
        'case when ' ~ column ~ ' < 0 then -1 else 1 end * (' ~ whole ~ ' + case when ' ~ rest ~ ' > ' ~ half
        ~ ' or (' ~ rest ~ ' = ' ~ half ~ ' and floor(' ~ whole ~ ' / 2) * 2 <> ' ~ whole ~ ') then 1 else 0 end)'
    ) -}}
{% endmacro %}

{#
    The rest in units of 2^-58 is a whole number (below 1/64, where it is not, the tenth is 0 all the
    same), so the nearest tenth, (20 units + 2^58) / 2^59, is told in whole numbers. Of all ties only .25
    and .75 are doubles; .75 goes up by itself. From 2^49 on doubles are so far apart that each is nearest
    to its own tenth.
#}
{% macro round_half_even_to_tenths(column) %}
    {%- set whole = 'floor(abs(' ~ column ~ '))' -%}
    {%- set rest = '(abs(' ~ column ~ ') - ' ~ whole ~ ')' -%}
    {%- set units = 'cast(floor(' ~ rest ~ ' * ' ~ customer_health.double('288230376151711744') ~ ') as bigint)' -%}
    {%- set tenths = '((20 * ' ~ units ~ ' + 288230376151711744) >> 59)' -%}
    {{- return(
        'case when abs(' ~ column ~ ') >= 562949953421312 then ' ~ column ~ ' else '
        ~ 'case when ' ~ column ~ ' < 0 then -1 else 1 end * (' ~ whole ~ ' * 10 + case when ' ~ rest ~ ' = '
        ~ customer_health.double('0.25') ~ ' then 2 else ' ~ tenths ~ ' end) / ' ~ customer_health.double(10) ~ ' end'
    ) -}}
{% endmacro %}
