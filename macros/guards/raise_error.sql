{# Stops the run with one sentence: where it is, what is wrong, what to do. #}
{% macro raise_error(where, what, remedy) %}
    {{- exceptions.raise_compiler_error('customer_health: ' ~ where ~ ' ' ~ what ~ '; ' ~ remedy ~ '.') -}}
{% endmacro %}

{# The same, for a macro's own argument. #}
{% macro raise_argument_error(macro_name, argument, value, expected) %}
    {{- customer_health.raise_error(
        'macro ' ~ macro_name ~ ', argument ' ~ argument,
        'is ' ~ (value | string),
        'give ' ~ expected
    ) -}}
{% endmacro %}
