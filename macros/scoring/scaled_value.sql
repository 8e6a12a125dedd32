{#
    A metric scaled into [0, 1] as its policy says, from the columns of int_account_metrics and the
    bounds or ranks joined to them. is_held: a value may lie beyond its min_max bounds, and counts as at them.
#}
{% macro scaled_value(metric, is_held=false) %}
    {%- set value = customer_health.metric_value(metric) -%}
    {%- if metric.scale == 'min_max' -%}
        {%- set scaled = customer_health.scale_between(
            value, metric.scaled_column ~ '__lower', metric.scaled_column ~ '__upper', metric.scaled_when_constant
        ) -%}
        {%- set scaled = customer_health.clamp_unit(scaled) if is_held else scaled -%}
    {%- elif metric.scale == 'winsorized' -%}
        {%- set scaled = customer_health.clamp_unit(customer_health.scale_between(
            value, metric.scaled_column ~ '__lower', metric.scaled_column ~ '__upper', metric.scaled_when_constant
        )) -%}
    {%- elif metric.scale == 'target' -%}
        {%- set scaled = customer_health.clamp_unit(customer_health.scale_between(
            value, customer_health.double(metric.lower), customer_health.double(metric.upper),
            metric.scaled_when_constant
        )) -%}
    {%- elif metric.scale == 'percentile' -%}
        {%- set scaled = 'case when ' ~ value ~ ' is not null then coalesce('
            ~ metric.scaled_column ~ '__percentiles.percent_rank, '
            ~ customer_health.double(metric.scaled_when_constant) ~ ') end' -%}
    {%- else -%}
        {%- set scaled = customer_health.clamp_unit(value) -%}
    {%- endif -%}
    {{- return(customer_health.transform(
        customer_health.turn(scaled, metric.direction), metric.post_transform
    )) -}}
{% endmacro %}
