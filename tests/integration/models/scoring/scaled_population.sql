-- Grain: one member of a population, scaled between the population's extremes.

with bounds as (

    select
        population,
        min(value) as lower_bound,
        max(value) as upper_bound
    from {{ ref('input_population') }}
    group by population

)

select
    members.population,
    members.member,
    cast({{ customer_health.scale_between(
        'members.value', 'bounds.lower_bound', 'bounds.upper_bound', 0.5
    ) }} as decimal(18, 12)) as scaled
from {{ ref('input_population') }} as members
inner join bounds
    on members.population = bounds.population
