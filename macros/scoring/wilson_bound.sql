{#
    Bound of the Wilson 95 % interval of a share, as a double in [0, 1]; NULL when nothing was counted.
    side: -1 for the lower bound, 1 for the upper. (E. B. Wilson, JASA 22, 1927; z = 1.959964.)
#}
{% macro wilson_bound(successes, trials, side) %}
    {%- if side not in [-1, 1] -%}
        {{- customer_health.raise_argument_error('wilson_bound', 'side', side, '-1 or 1') -}}
    {%- endif -%}
    {%- set z = customer_health.double(1.959964) -%}
    {%- set n = 'cast(' ~ trials ~ ' as ' ~ customer_health.type_double() ~ ')' -%}
    {%- set share = '(' ~ successes ~ ' / ' ~ n ~ ')' -%}
    case
        when {{ trials }} = 0 then null
        {%- if side == -1 %}
        when {{ successes }} = 0 then {{ customer_health.double(0) }}
        {%- else %}
        when {{ successes }} = {{ trials }} then {{ customer_health.double(1) }}
        {%- endif %}
        else (
            {{ share }} + {{ z }} * {{ z }} / (2 * {{ n }})
            {{ '+' if side == 1 else '-' }} {{ z }} * sqrt(
                {{ share }} * (1 - {{ share }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }})
            )
        ) / (1 + {{ z }} * {{ z }} / {{ n }})
    end
{%- endmacro %}
