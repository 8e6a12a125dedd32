-- Fails for each row that the customer-success suite falls back on and that a seed lacks: benchmarks of
-- each segment, and `other` where a name is not listed.
{{ config(group='customer_health', enabled=customer_health.subject_is_built('customer_success')) }}

{%- set needed = [] %}
{%- for segment in customer_health.customer_success_segments() %}
{%- do needed.append(['customer_success_health_benchmarks', 'segment', segment]) %}
{%- endfor %}
{%- do needed.append(['customer_success_seat_factors', 'segment', 'other']) %}
{%- do needed.append(['customer_success_plan_tiers', 'plan_tier', 'other']) %}
{%- do needed.append(['customer_success_modules', 'module', 'other']) %}

{%- for seed, column, name in needed %}
select
    '{{ seed }}' as seed,
    {{ customer_health.text_literal(name) }} as missing_row
from (
    select count(*) as row_count from {{ ref(seed) }}
    where {{ column }} = {{ customer_health.text_literal(name) }}
) as counted
where row_count = 0
{{ 'union all' if not loop.last }}
{%- endfor %}
