-- Grain: one tertile of one index, with the cut-off above which it begins.
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

{%- set index_names = {'customer_value_index': 'value_tertile', 'customer_risk_index': 'risk_tertile'} %}

with customer_value_risk as (

    select * from {{ ref('customer_value_risk') }}

),

cut_offs as (

    select * from {{ ref('int_customer_index_cut_offs') }}

),

bounds as (

    {%- for index_name in index_names %}
    {%- set outer = loop %}
    {%- for tertile in customer_health.customer_labels('level') %}
    select
        '{{ index_name }}' as index_name,
        '{{ tertile }}' as tertile,
        {% if loop.last %}cast(null as {{ customer_health.type_double() }}){% else -%}
        {{ index_name }}__cut_off_{{ loop.index }}{% endif %} as lower_bound
    from cut_offs
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}

),

counted as (

    {%- for index_name, column in index_names.items() %}
    select
        '{{ index_name }}' as index_name,
        {{ column }} as tertile,
        count(*) as customer_count
    from customer_value_risk
    group by {{ column }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    bounds.index_name,
    bounds.tertile,
    bounds.lower_bound,
    coalesce(counted.customer_count, 0) as customer_count
from bounds
left join counted
    on bounds.index_name = counted.index_name
    and bounds.tertile = counted.tertile
