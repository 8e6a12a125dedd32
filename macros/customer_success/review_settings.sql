{# The settings of the account review, checked where they are read. #}

{# Days until action items are due: priority -> days from the as-of date; a higher priority is never later. #}
{% macro review_due_days() %}
    {%- set where = 'setting customer_success_review' -%}
    {%- set block = var('customer_success_review') -%}
    {%- do customer_health.check_keys(where, block, ['due_days'], []) -%}
    {%- set due_days_key = where ~ ', key due_days' -%}
    {%- set priorities = ['critical', 'high', 'medium', 'low'] -%}
    {%- do customer_health.check_keys(due_days_key, block.due_days, priorities, []) -%}
    {%- set days = {} -%}
    {%- set before = namespace(days=0) -%}
    {%- for priority in priorities -%}
        {%- set given = block.due_days[priority] -%}
        {%- do customer_health.check_number(due_days_key ~ ', key ' ~ priority, given, 0, 365) -%}
        {%- if given != given | int or given < before.days -%}
            {{- customer_health.raise_error(
                due_days_key, 'has ' ~ given ~ ' days for ' ~ priority, 'give whole days that grow from critical to low'
            ) -}}
        {%- endif -%}
        {%- do days.update({priority: given | int}) -%}
        {%- set before.days = given -%}
    {%- endfor -%}
    {{- return(days) -}}
{% endmacro %}
