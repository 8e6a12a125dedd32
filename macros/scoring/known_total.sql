{#
    Exact total of the forecast over the accounts that meet a condition: 0 for no accounts, NULL
    (unknown) where there are such accounts but none has a forecast.
#}
{% macro known_total(amount, condition='true') %}
    case
        when count(case when {{ condition }} then 1 end) = 0 then cast(0 as decimal(38, 6))
        else sum(case when {{ condition }} then {{ amount }} end)
    end
{%- endmacro %}
