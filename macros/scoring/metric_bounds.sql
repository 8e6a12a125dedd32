{#
    The bounds between which metrics are scaled: one row per as-of date (and peer group), one pair of
    columns per scaled metric, all from one aggregate over the accounts.
    min_max takes the extremes; winsorized takes two continuous quantiles.
#}
{% macro metric_bounds(peer_group) %}
    {%- set metrics = customer_health.metrics_with_bounds(peer_group) %}

with account_metrics as (

    select * from {{ ref('int_account_metrics') }}

),

bounds as (

    select
        as_of_date
        {%- if peer_group %},
        {{ peer_group }}
        {%- endif %}
        {%- for metric in metrics %}
        {%- set value = customer_health.metric_value(metric) %}
        {%- if metric.scale == 'min_max' %},
        min({{ value }}) as {{ metric.scaled_column }}__lower,
        max({{ value }}) as {{ metric.scaled_column }}__upper
        {%- else %},
        {{ customer_health.quantiles(value, [metric.lower_quantile, metric.upper_quantile]) }}
            as {{ metric.scaled_column }}__quantiles
        {%- endif %}
        {%- endfor %}
    from account_metrics
    group by as_of_date{{ ', ' ~ peer_group if peer_group }}

)

select
    as_of_date
    {%- if peer_group %},
    {{ peer_group }}
    {%- endif %}
    {%- for metric in metrics %}
    {%- if metric.scale == 'min_max' %},
    {{ metric.scaled_column }}__lower,
    {{ metric.scaled_column }}__upper
    {%- else %},
    {{ customer_health.array_element(metric.scaled_column ~ '__quantiles', 1) }} as {{ metric.scaled_column }}__lower,
    {{ customer_health.array_element(metric.scaled_column ~ '__quantiles', 2) }} as {{ metric.scaled_column }}__upper
    {%- endif %}
    {%- endfor %}
from bounds
{% endmacro %}

{# The metrics whose bounds come from the accounts (of the same peer group, where one is named). #}
{% macro metrics_with_bounds(peer_group) %}
    {%- set found = [] -%}
    {%- for metric in customer_health.scaled_metrics()
        if metric.scale in ['min_max', 'winsorized'] and metric.peer_group == peer_group -%}
        {%- do found.append(metric) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{# The metrics that are scaled by their rank among the accounts. #}
{% macro metrics_by_percentile() %}
    {{- return(customer_health.scaled_metrics() | selectattr('scale', 'equalto', 'percentile') | list) -}}
{% endmacro %}

{# The peer groups that any scored policy compares accounts in. #}
{% macro peer_groups() %}
    {%- set groups = [] -%}
    {%- for metric in customer_health.scaled_metrics()
        if metric.peer_group and metric.scale != 'percentile' and metric.peer_group not in groups -%}
        {%- do groups.append(metric.peer_group) -%}
    {%- endfor -%}
    {{- return(groups) -}}
{% endmacro %}

{# A metric as the double that is scaled: the source column after its pre_transform. #}
{% macro metric_value(metric) %}
    {{- return(customer_health.transform(
        'cast(' ~ metric.source_column ~ ' as ' ~ customer_health.type_double() ~ ')', metric.pre_transform
    )) -}}
{% endmacro %}
