-- start + expansion - contraction - churn + new = end, of every month and member; segments and industries sum to all.
{{ config(enabled=customer_health.subject_is_built('customer_success'), group='customer_health') }}

with by_dimension as (

    select
        month,
        dimension,
        sum(starting_arr) as starting_arr,
        sum(ending_arr) as ending_arr
    from {{ ref('retention_by_month') }}
    group by month, dimension

)

select
    month,
    dimension,
    member as row_key,
    starting_arr,
    ending_arr
from {{ ref('retention_by_month') }}
where starting_arr + expansion_arr - contraction_arr - churned_arr + new_arr <> ending_arr

union all

select
    by_dimension.month,
    by_dimension.dimension,
    'all members' as row_key,
    by_dimension.starting_arr,
    by_dimension.ending_arr
from by_dimension
inner join by_dimension as everybody
    on by_dimension.month = everybody.month
    and everybody.dimension = 'all'
where
    by_dimension.starting_arr <> everybody.starting_arr
    or by_dimension.ending_arr <> everybody.ending_arr
