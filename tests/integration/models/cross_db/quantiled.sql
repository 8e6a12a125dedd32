-- Grain: one population, with continuous quantiles and the median.

{%- set fractions = [0, 0.05, 0.25, 0.5, 0.75, 1] %}

with candidates as (

    select
        population,
        {{ customer_health.discrete_quantiles('value', fractions) }} as candidates,
        {{ customer_health.exact_median('value') }} as median
    from {{ ref('input_population') }}
    group by population

),

counted as (

    select
        members.population,
        max(candidates.median) as median,
        {%- for fraction in fractions %}
        {{ customer_health.quantile_counts(
            'members.value',
            customer_health.array_element('candidates.candidates', loop.index),
            'q' ~ loop.index
        ) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('input_population') }} as members
    inner join candidates
        on members.population = candidates.population
    group by members.population

)

select
    population,
    {%- for fraction in fractions %}
    {{ customer_health.interpolated_quantile('q' ~ loop.index, fraction) }}
        as q{{ '%03d' % (fraction * 100) }},
    {%- endfor %}
    median
from counted
