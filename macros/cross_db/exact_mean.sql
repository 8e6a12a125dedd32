{#
    total / counted, rounded half up once, as decimal(28, 6); `total` is an exact decimal sum with six
    decimals. Whole-number division: a double would lose the last digit of large amounts.
    NULL when nothing was counted.
#}
{% macro exact_mean(total, counted) %}
    {%- set whole = customer_health.type_whole_number() -%}
    {%- set dividend = '2 * cast(' ~ total ~ ' * cast(1000000 as decimal(7, 0)) as ' ~ whole ~ ') + ' ~ counted -%}
    {{- return(
        'cast(cast(' ~ customer_health.whole_division(dividend, '2 * ' ~ counted)
        ~ ' as decimal(28, 0)) * cast(0.000001 as decimal(7, 6)) as decimal(28, 6))'
    ) -}}
{% endmacro %}

{# The largest whole number that times the divisor (> 0) is not above the dividend; NULL for a divisor of 0. #}
{% macro whole_division(dividend, divisor) %}
    {{- return(adapter.dispatch('whole_division', 'customer_health')(dividend, divisor)) -}}
{% endmacro %}

{# Both engines cut the fraction off, so below zero the remainder is made up first. #}
{% macro default__whole_division(dividend, divisor) %}
    {{- return(
        'case when ' ~ dividend ~ ' >= 0 then (' ~ dividend ~ ') // nullif(' ~ divisor ~ ', 0) else -(('
        ~ divisor ~ ' - 1 - (' ~ dividend ~ ')) // nullif(' ~ divisor ~ ', 0)) end'
    ) -}}
{% endmacro %}

{% macro postgres__whole_division(dividend, divisor) %}
    {{- return(
        'case when ' ~ dividend ~ ' >= 0 then div(' ~ dividend ~ ', nullif(' ~ divisor ~ ', 0)) else -div('
        ~ divisor ~ ' - 1 - (' ~ dividend ~ '), nullif(' ~ divisor ~ ', 0)) end'
    ) -}}
{% endmacro %}

{#
    Spark's own `div` ends at 64 bits. A quotient of decimals (up to 32 digits) is rounded: one too many is
    taken back.
#}
{% macro spark__whole_division(dividend, divisor) %}
    {%- set quotient = 'floor(cast(' ~ dividend ~ ' as decimal(38, 0)) / nullif(' ~ divisor ~ ', 0))' -%}
    {{- return(
        '(' ~ quotient ~ ' - case when ' ~ quotient ~ ' * (' ~ divisor ~ ') > ' ~ dividend ~ ' then 1 else 0 end)'
    ) -}}
{% endmacro %}
