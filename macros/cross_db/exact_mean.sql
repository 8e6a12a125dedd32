{#
    total / counted, rounded half up once, as decimal(28, 6); `total` is an exact decimal sum >= 0 with
    six decimals. Whole-number division: a double would lose the last digit of large amounts.
    NULL when nothing was counted.
#}
{% macro exact_mean(total, counted) %}
    {{- return(adapter.dispatch('exact_mean', 'customer_health')(total, counted)) -}}
{% endmacro %}

{% macro default__exact_mean(total, counted) %}
    {{- return(
        'cast(cast((2 * cast(' ~ total ~ ' * cast(1000000 as decimal(7, 0)) as hugeint) + ' ~ counted
        ~ ') // nullif(2 * ' ~ counted ~ ', 0) as decimal(28, 0)) * cast(0.000001 as decimal(7, 6))'
        ~ ' as decimal(28, 6))'
    ) -}}
{% endmacro %}
