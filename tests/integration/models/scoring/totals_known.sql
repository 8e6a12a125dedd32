-- Grain: one population, with the known total of its amounts.

with summed as (

    select
        population,
        sum(case when is_counted then amount end) as amount_sum,
        count(case when is_counted then 1 end) as accounts
    from {{ ref('input_totals') }}
    group by population

)

select
    population,
    {{ customer_health.known_total('amount_sum', 'accounts') }} as counted_total,
    {{ customer_health.known_total('amount_sum', 'nullif(accounts, 0)') }} as total_without_count
from summed
