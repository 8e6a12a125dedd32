{#
    Scaling of one metric into [0, 1]. Expressions in, expression out; NULL stays NULL.
    Step by step: transform, scale, turn round when lower is better, transform again.
#}

{# (value - lower) / (upper - lower); `constant` when the bounds are equal. #}
{% macro scale_between(value, lower, upper, constant) %}
    {%- if constant is not number -%}
        {{- customer_health.raise_argument_error('scale_between', 'constant', constant, 'a number from 0 to 1') -}}
    {%- endif -%}
    case
        when {{ upper }} > {{ lower }} then ({{ value }} - {{ lower }}) / ({{ upper }} - {{ lower }})
        when {{ value }} is not null then {{ customer_health.double(constant) }}
    end
{%- endmacro %}

{# The value itself, held inside [0, 1]. #}
{% macro clamp_unit(value) %}
    case
        when {{ value }} < 0 then {{ customer_health.double(0) }}
        when {{ value }} > 1 then {{ customer_health.double(1) }}
        else {{ value }}
    end
{%- endmacro %}

{# 1 - scaled when lower is better. #}
{% macro turn(scaled, direction) %}
    {%- if direction not in ['higher', 'lower'] -%}
        {{- customer_health.raise_argument_error('turn', 'direction', direction, 'higher or lower') -}}
    {%- endif -%}
    {{- return('1 - (' ~ scaled ~ ')' if direction == 'lower' else scaled) -}}
{% endmacro %}

{# sqrt or log1p of a value that is never negative; none leaves it as it is. #}
{% macro transform(value, transform) %}
    {%- if transform is none -%}{{- return(value) -}}
    {%- elif transform == 'sqrt' -%}{{- return('sqrt(' ~ value ~ ')') -}}
    {%- elif transform == 'log1p' -%}{{- return('ln(1 + ' ~ value ~ ')') -}}
    {%- else -%}
        {{- customer_health.raise_argument_error('transform', 'transform', transform, 'sqrt, log1p or none') -}}
    {%- endif -%}
{% endmacro %}

{# A number as a double literal. #}
{% macro double(number) %}
    {{- return('cast(' ~ number ~ ' as ' ~ customer_health.type_double() ~ ')') -}}
{% endmacro %}
