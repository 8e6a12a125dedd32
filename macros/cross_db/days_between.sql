{# Days from one date to another; negative where the second comes first. #}
{% macro days_between(first_day, last_day) %}
    {{- return(adapter.dispatch('days_between', 'customer_health')(first_day, last_day)) -}}
{% endmacro %}

{% macro default__days_between(first_day, last_day) %}
    {{- return('cast(' ~ last_day ~ ' - ' ~ first_day ~ ' as bigint)') -}}
{% endmacro %}

{# The difference of two dates is an interval there. #}
{% macro spark__days_between(first_day, last_day) %}
    {{- return('cast(datediff(' ~ last_day ~ ', ' ~ first_day ~ ') as bigint)') -}}
{% endmacro %}
