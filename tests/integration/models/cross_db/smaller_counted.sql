-- Grain: one distinct value of a population, with how many smaller ones there are.

with value_counts as (

    select * from {{ ref('input_value_counts') }}

),

counted as (
    {{ customer_health.smaller_counts('value_counts', ['population'], 'value') | indent(4) }}
)

select
    population,
    value,
    value_count,
    smaller_count,
    total_count,
    distinct_count
from counted
