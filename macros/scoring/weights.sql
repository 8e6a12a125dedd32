{#
    Weights over what is measured. All sums are of whole millionths, so they are exact; a metric is
    measured when its scaled column is not NULL.
#}

{# The weight measured inside a dimension, in millionths. #}
{% macro measured_weight(dimension) %}
    {%- for metric in dimension.metrics -%}
        cast({{ metric.scaled_column }} is not null as integer) * {{ metric.weight_millionths }}
        {{- ' + ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{# The weight of the dimensions in which anything is measured, in millionths. #}
{% macro measured_dimension_weight(policy) %}
    {%- for dimension in policy.dimensions -%}
        cast({{ policy.name }}__{{ dimension.dimension }}__measured > 0 as integer) * {{ dimension.weight_millionths }}
        {{- ' + ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{#
    The share of the whole weight that is measured, in [0, 1], as a double. The sum before the division
    is of whole numbers up to 10^12, so that it compares exactly with the policy's min_coverage.
#}
{% macro score_coverage(policy) %}
    cast(
    {%- for metric in policy.metrics -%}
        cast(cast({{ metric.scaled_column }} is not null as integer) as bigint)
        {{- ' * ' ~ metric.weight_millionths * metric.dimension_weight_millionths }}{{ ' + ' if not loop.last }}
    {%- endfor %} as {{ customer_health.type_double() }}) / 1000000000000
{%- endmacro %}

{#
    The points that a metric can give at most, as a double: 100 x its weight among the measured
    metrics of its dimension x the dimension's weight among the measured dimensions. NULL where nothing
    is measured.
#}
{% macro max_points(metric) %}
    {{- customer_health.double(100 * metric.weight_millionths * metric.dimension_weight_millionths) }}
    / nullif(
        {{ customer_health.double(metric.policy ~ '__measured') }} * {{ metric.policy }}__{{ metric.dimension }}__measured, 0
    )
{%- endmacro %}

{# Score of one dimension, 0-100, over what is measured in it, as a double; NULL without any measured metric. #}
{% macro sub_score(policy, dimension) %}
    100 * (
    {%- for metric in dimension.metrics -%}
        coalesce({{ metric.scaled_column }} * {{ metric.weight_millionths }}, 0){{ ' + ' if not loop.last }}
    {%- endfor -%}
    ) / nullif({{ policy.name }}__{{ dimension.dimension }}__measured, 0)
{%- endmacro %}
