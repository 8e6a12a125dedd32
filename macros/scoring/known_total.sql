{#
    Exact total of an amount over counted rows: 0 for no accounts, NULL (unknown) where there are
    accounts but none has the amount. `accounts` is the number of accounts behind the sum.
#}
{% macro known_total(amount_sum, accounts) %}
    {{- return(
        'case when coalesce(' ~ accounts ~ ', 0) = 0 then cast(0 as decimal(38, 6)) else cast('
        ~ amount_sum ~ ' as decimal(38, 6)) end'
    ) -}}
{% endmacro %}
