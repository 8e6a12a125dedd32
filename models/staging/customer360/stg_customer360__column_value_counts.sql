-- Grain: one column that staging cleans.
{{ config(
    enabled=customer_health.subject_is_built('conversion')
) }}

{%- for cleaned in customer_health.cleaned_customer360_tables() %}
select *
from (
    {{ customer_health.counted_values(cleaned) | indent(4) }}
) as of_source
{{ 'union all' if not loop.last }}
{%- endfor %}
