{# A date so many days later (earlier where the number is negative). #}
{% macro add_days(day, days) %}
    {{- return(adapter.dispatch('add_days', 'customer_health')(day, days)) -}}
{% endmacro %}

{% macro default__add_days(day, days) %}
    {{- return('cast(' ~ day ~ ' + cast(' ~ days ~ ' as integer) as date)') -}}
{% endmacro %}

{% macro spark__add_days(day, days) %}
    {{- return('date_add(' ~ day ~ ', cast(' ~ days ~ ' as integer))') -}}
{% endmacro %}
