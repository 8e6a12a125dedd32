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

{# The day so many days before another: a date. The days are 0 or more; more than 100,000 count as that many. #}
{% macro days_before(day, days) %}
    {{- return(adapter.dispatch('days_before', 'customer_health')(
        day, 'cast(case when ' ~ days ~ ' > 100000 then 100000 else ' ~ days ~ ' end as integer)'
    )) -}}
{% endmacro %}

{% macro default__days_before(day, days) %}
    {{- return('cast(' ~ day ~ ' - ' ~ days ~ ' as date)') -}}
{% endmacro %}

{% macro spark__days_before(day, days) %}
    {{- return('date_sub(' ~ day ~ ', ' ~ days ~ ')') -}}
{% endmacro %}
