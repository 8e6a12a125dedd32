-- Grain: one row. Exact continuous quantiles of both published indices at two thirds and one third.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('conversion'), materialized='table') }}

{%- set index_names = customer_health.index_parts().keys() | list %}
{%- set quantiles = customer_health.tertile_quantiles() %}

with indices as (

    select
        {%- for index_name in index_names %}
        {{ customer_health.double(index_name) }} as {{ index_name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('int_customer_indices') }}

),

candidates as (

    select
        {%- for index_name in index_names %}
        {{ customer_health.discrete_quantiles(index_name, quantiles) }} as {{ index_name }}__candidates
        {{- ',' if not loop.last }}
        {%- endfor %}
    from indices

),

counted as (

    select
        {%- for index_name in index_names %}
        {%- set outer = loop %}
        {%- for quantile in quantiles %}
        {{ customer_health.quantile_counts(
            'indices.' ~ index_name,
            customer_health.array_element('candidates.' ~ index_name ~ '__candidates', loop.index),
            index_name ~ '__' ~ loop.index
        ) }}
        {{- ',' if not (loop.last and outer.last) }}
        {%- endfor %}
        {%- endfor %}
    from indices
    cross join candidates

)

select
    {%- for index_name in index_names %}
    {%- set outer = loop %}
    {%- for quantile in quantiles %}
    {{ customer_health.interpolated_quantile(index_name ~ '__' ~ loop.index, quantile) }}
        as {{ index_name }}__cut_off_{{ loop.index }}{{ ',' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}
from counted
