{#
    The probability of an F statistic at least this large by chance, as decimal(9, 6) with three decimals
    that count: E. Paulson's normal approximation (Annals of Mathematical Statistics 13, 1942) and the
    normal tail by Zelen and Severo (Abramowitz and Stegun 26.2.17). NULL without a statistic.
#}
{% macro f_test_p_value(f_value, between_degrees, within_degrees) %}
    {%- set one = customer_health.double(2) ~ ' / (9 * ' ~ between_degrees ~ ')' -%}
    {%- set two = customer_health.double(2) ~ ' / (9 * ' ~ within_degrees ~ ')' -%}
    {%- set root = 'power(' ~ f_value ~ ', ' ~ customer_health.double(1) ~ ' / 3)' -%}
    {%- set z = '(((1 - ' ~ two ~ ') * ' ~ root ~ ' - (1 - ' ~ one ~ ')) / sqrt(' ~ two ~ ' * ' ~ root ~ ' * ' ~ root
        ~ ' + ' ~ one ~ '))' -%}
    {%- set t = '(1 / (1 + 0.2316419 * abs(' ~ z ~ ')))' -%}
    {%- set series = t ~ ' * (0.319381530 + ' ~ t ~ ' * (-0.356563782 + ' ~ t ~ ' * (1.781477937 + ' ~ t
        ~ ' * (-1.821255978 + ' ~ t ~ ' * 1.330274429))))' -%}
    {%- set tail = '0.3989422804014327 * exp(-' ~ z ~ ' * ' ~ z ~ ' / 2) * ' ~ series -%}
    case
        when {{ f_value }} is not null then cast(
            floor(
                (case when {{ z }} < 0 then 1 - {{ tail }} else {{ tail }} end) * 1000 + 0.5
            ) / {{ customer_health.double(1000) }} as decimal(9, 6)
        )
    end
{%- endmacro %}
