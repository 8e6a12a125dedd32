{# Whether the subject is listed in the setting customer_health_subjects. #}
{% macro subject_is_built(subject) %}
    {{- return(subject in var('customer_health_subjects')) -}}
{% endmacro %}
