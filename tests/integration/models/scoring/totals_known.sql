-- Grain: one population, with the known total of its amounts.

select
    population,
    {{ customer_health.known_total('amount', 'is_counted') }} as counted_total,
    {{ customer_health.known_total('amount') }} as total
from {{ ref('input_totals') }}
group by population
