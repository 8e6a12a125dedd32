{#
    The bounds between which metrics are scaled: one row per as-of date (and peer group), one pair of
    columns per scaled metric, all from one aggregate over the accounts.
    min_max takes the extremes; winsorized takes two continuous quantiles.
#}
{% macro metric_bounds(peer_group) %}
    {%- set metrics = customer_health.metrics_with_bounds(peer_group) %}

{%- set winsorized = metrics | selectattr('scale', 'equalto', 'winsorized') | list %}
    {%- set keys = ['as_of_date'] + ([peer_group] if peer_group else []) %}

with account_metrics as (

    select * from {{ ref('int_account_metrics') }}

),

metric_values as (

    select
        {{ keys | join(',\n        ') }}
        {%- for metric in metrics %},
        {{ customer_health.metric_value(metric) }} as {{ metric.scaled_column }}
        {%- endfor %}
    from account_metrics

),

extremes as (

    select
        {{ keys | join(',\n        ') }}
        {%- for metric in metrics %}
        {%- if metric.scale == 'min_max' %},
        min({{ metric.scaled_column }}) as {{ metric.scaled_column }}__lower,
        max({{ metric.scaled_column }}) as {{ metric.scaled_column }}__upper
        {%- else %},
        {{ customer_health.discrete_quantiles(
            metric.scaled_column, [metric.lower_quantile, metric.upper_quantile]
        ) }} as {{ metric.scaled_column }}__candidates
        {%- endif %}
        {%- endfor %}
    from metric_values
    group by {{ keys | join(', ') }}

)
{%- if winsorized %},

counted as (

    select
        {%- for key in keys %}
        metric_values.{{ key }}{{ ',' }}
        {%- endfor %}
        {%- for metric in winsorized %}
        {%- set candidates = 'extremes.' ~ metric.scaled_column ~ '__candidates' %}
        {{ customer_health.quantile_counts(
            'metric_values.' ~ metric.scaled_column,
            customer_health.array_element(candidates, 1),
            metric.scaled_column ~ '__low'
        ) }},
        {{ customer_health.quantile_counts(
            'metric_values.' ~ metric.scaled_column,
            customer_health.array_element(candidates, 2),
            metric.scaled_column ~ '__high'
        ) }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from metric_values
    inner join extremes
        on {% for key in keys %}metric_values.{{ key }} = extremes.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
    group by {% for key in keys %}metric_values.{{ key }}{{ ', ' if not loop.last }}{% endfor %}

)
{%- endif %}

select
    {%- for key in keys %}
    extremes.{{ key }}{{ ',' if not loop.last }}
    {%- endfor %}
    {%- for metric in metrics %}
    {%- if metric.scale == 'min_max' %},
    extremes.{{ metric.scaled_column }}__lower,
    extremes.{{ metric.scaled_column }}__upper
    {%- else %},
    {{ customer_health.interpolated_quantile(metric.scaled_column ~ '__low', metric.lower_quantile) }}
        as {{ metric.scaled_column }}__lower,
    {{ customer_health.interpolated_quantile(metric.scaled_column ~ '__high', metric.upper_quantile) }}
        as {{ metric.scaled_column }}__upper
    {%- endif %}
    {%- endfor %}
from extremes
{%- if winsorized %}
inner join counted
    on {% for key in keys %}extremes.{{ key }} = counted.{{ key }}{{ ' and ' if not loop.last }}{% endfor %}
{%- endif %}
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

{# A metric as the double that is scaled: the source column after its pre_transform. #}
{% macro metric_value(metric) %}
    {{- return(customer_health.transform(
        'cast(' ~ metric.source_column ~ ' as ' ~ customer_health.type_double() ~ ')', metric.pre_transform
    )) -}}
{% endmacro %}

{# The metrics of a policy that are scaled between bounds which come from the accounts. #}
{% macro bounded_metrics(policy) %}
    {%- set found = [] -%}
    {%- for metric in policy.metrics if metric.scale in ['min_max', 'winsorized'] -%}
        {%- do found.append(metric) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{# The metrics of a policy that have a value of their own: metric -> column. Size points have none. #}
{% macro valued_metrics(policy) %}
    {%- set columns = {} -%}
    {%- for metric in policy.metrics if metric.metric != 'size_points' -%}
        {%- do columns.update({metric.metric: metric.source_column}) -%}
    {%- endfor -%}
    {{- return(columns) -}}
{% endmacro %}
