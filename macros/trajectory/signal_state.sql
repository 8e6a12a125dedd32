{#
    The state of a signal from the columns <signal>__measure, <signal>__applies and <signal>__dated_on: one of
    not_applicable, unknown, stale, measured_zero, measured. What is not known to be out of place applies, and
    a value of unknown age is not stale. A label is never zero: its points are those of the method.
#}
{% macro signal_state(signal, as_of_date='as_of_date') %}
    {%- set name = signal.signal -%}
    case
        {%- if signal.applies_when is not none %}
        when not {{ name }}__applies then 'not_applicable'
        {%- endif %}
        when {{ name }}__measure is null then 'unknown'
        {%- if signal.dated_by is not none and signal.staleness_limit_days is not none %}
        when {{ customer_health.days_between(name ~ '__dated_on', as_of_date) }} > {{ signal.staleness_limit_days }}
            then 'stale'
        {%- endif %}
        {%- if signal.kind != 'label' %}
        when {{ name }}__measure = 0 then 'measured_zero'
        {%- endif %}
        else 'measured'
    end
{%- endmacro %}
