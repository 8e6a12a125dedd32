{#
    What the tables of the value x risk framework count per cell, as aggregate columns: customers,
    members of the special-conversion cohort, exact sums and counts of health and lifetime value.
#}
{% macro customer_figures(customers='', amounts='') %}
    {%- set customers = customers ~ '.' if customers else '' -%}
    {%- set amounts = amounts ~ '.' if amounts else '' -%}
        count(*) as customer_count,
        count(case when {{ customers }}is_special_conversion then 1 end) as member_count,
        count({{ customers }}health_score) as health_count,
        cast(sum({{ customer_health.to_decimal(customers ~ 'health_score') }}) as decimal(38, 6)) as health_sum,
        count({{ amounts }}ltv_amount) as ltv_count,
        cast(sum({{ amounts }}ltv_amount) as decimal(38, 6)) as ltv_sum
{%- endmacro %}
