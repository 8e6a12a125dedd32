{#
    The probability of an F statistic at least this large by chance, in two steps, each a column of its own
    (as one expression it would repeat itself a hundred times): E. Paulson's normal approximation (Annals
    of Mathematical Statistics 13, 1942), and the normal tail by Zelen and Severo (Abramowitz and Stegun
    26.2.17). Three decimals count.
#}

{# The standard normal deviate that stands for an F statistic; NULL without a statistic. #}
{% macro f_test_deviate(f_value, between_degrees, within_degrees) %}
    {%- set one = '(' ~ customer_health.double(2) ~ ' / (9 * ' ~ between_degrees ~ '))' -%}
    {%- set two = '(' ~ customer_health.double(2) ~ ' / (9 * ' ~ within_degrees ~ '))' -%}
    {%- set root = 'power(' ~ f_value ~ ', ' ~ customer_health.double(1) ~ ' / 3)' -%}
    case
        when {{ f_value }} is not null
            then ((1 - {{ two }}) * {{ root }} - (1 - {{ one }})) / sqrt({{ two }} * {{ root }} * {{ root }} + {{ one }})
    end
{%- endmacro %}

{# The probability of a larger standard normal deviate, rounded to three decimals, as decimal(9, 6). #}
{% macro normal_tail(deviate) %}
    {%- set t = '(1 / (1 + 0.2316419 * abs(' ~ deviate ~ ')))' -%}
    {%- set series = [] -%}
    {%- for factor in ['0.319381530', '-0.356563782', '1.781477937', '-1.821255978', '1.330274429'] -%}
        {%- do series.append(factor ~ (' * ' ~ t) * loop.index) -%}
    {%- endfor -%}
    {%- set tail = '0.3989422804014327 * exp(-' ~ deviate ~ ' * ' ~ deviate ~ ' / 2) * (' ~ series | join(' + ') ~ ')' -%}
    cast(
        floor(
            case when {{ deviate }} < 0 then 1 - {{ tail }} else {{ tail }} end * 1000 + 0.5
        ) / {{ customer_health.double(1000) }} as decimal(9, 6)
    )
{%- endmacro %}
