-- Grain: one month, dimension and member; a member is there in the months in which it has or had ARR.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set sums = customer_health.retention_sums() %}

with movements as (

    select * from {{ ref('int_customer_arr_movements') }}

),

-- The month against the one before, and against the year before, in which a customer may count elsewhere.
counted as (

    select
        month,
        segment,
        industry,
        starting_arr,
        expansion_arr,
        contraction_arr,
        churned_arr,
        new_arr,
        ending_arr,
        case when has_previous_month then case when starting_arr > 0 then 1 else 0 end end as starting_customers,
        case when has_previous_month then case when churned_arr > 0 then 1 else 0 end end as churned_customers,
        case when has_previous_month then case when new_arr > 0 then 1 else 0 end end as new_customers,
        cast(null as decimal(28, 6)) as year_ago_arr,
        cast(null as decimal(28, 6)) as year_retained_arr,
        cast(null as decimal(28, 6)) as year_kept_arr,
        cast(null as integer) as year_ago_customers,
        cast(null as integer) as year_churned_customers
    from movements
    where
        starting_arr > 0
        or ending_arr > 0

    union all

    select
        month,
        year_ago_segment as segment,
        year_ago_industry as industry,
        {%- for column, type in sums.items() if not column.startswith('year_') %}
        cast(null as {{ 'integer' if type == 'bigint' else 'decimal(28, 6)' }}) as {{ column }},
        {%- endfor %}
        year_ago_arr,
        year_ending_arr as year_retained_arr,
        case when year_ending_arr < year_ago_arr then year_ending_arr else year_ago_arr end as year_kept_arr,
        1 as year_ago_customers,
        case when year_ending_arr = 0 then 1 else 0 end as year_churned_customers
    from movements
    where year_ago_arr > 0

),

-- Few rows, which each dimension sums once more.
by_cell as (

    select
        month,
        segment,
        industry
        {%- for column, type in sums.items() %},
        cast(sum({{ column }}) as {{ type }}) as {{ column }}
        {%- endfor %}
    from counted
    group by month, segment, industry
    {{ customer_health.computed_once() }}

),

by_dimension as (
    {%- for dimension, member in customer_health.retention_dimensions().items() %}

    select
        month,
        '{{ dimension }}' as dimension,
        {{ member }} as member
        {%- for column in sums %},
        {{ column }}
        {%- endfor %}
    from by_cell
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

),

summed as (

    select
        month,
        dimension,
        member
        {%- for column, type in sums.items() %},
        cast(sum({{ column }}) as {{ type }}) as {{ column }}
        {%- endfor %}
    from by_dimension
    group by month, dimension, member

)

select
    summed.month,
    cast(summed.dimension as {{ customer_health.type_text() }}) as dimension,
    cast(summed.member as {{ customer_health.type_text() }}) as member,
    cast(summed.starting_arr as decimal(28, 6)) as starting_arr,
    cast(summed.expansion_arr as decimal(28, 6)) as expansion_arr,
    cast(summed.contraction_arr as decimal(28, 6)) as contraction_arr,
    cast(summed.churned_arr as decimal(28, 6)) as churned_arr,
    cast(summed.new_arr as decimal(28, 6)) as new_arr,
    cast(summed.ending_arr as decimal(28, 6)) as ending_arr,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        '(summed.starting_arr + summed.expansion_arr - summed.contraction_arr - summed.churned_arr)', 'summed.starting_arr'
    )) }} as nrr,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        '(summed.starting_arr - summed.contraction_arr - summed.churned_arr)', 'summed.starting_arr'
    ), 9) }} as grr,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        'summed.churned_customers', 'summed.starting_customers'
    ), 9) }} as logo_churn_rate,
    summed.starting_customers,
    summed.churned_customers,
    summed.new_customers,
    {{ customer_health.to_decimal(customer_health.safe_divide('summed.year_retained_arr', 'summed.year_ago_arr')) }}
        as nrr_12m,
    {{ customer_health.to_decimal(customer_health.safe_divide('summed.year_kept_arr', 'summed.year_ago_arr'), 9) }}
        as grr_12m,
    {{ customer_health.to_decimal(customer_health.safe_divide(
        'summed.year_churned_customers', 'summed.year_ago_customers'
    ), 9) }} as logo_churn_12m,
    coalesce(of_segment.nrr, of_industry.nrr) as benchmark_nrr,
    coalesce(of_segment.grr, of_industry.grr) as benchmark_grr,
    coalesce(of_segment.logo_churn, of_industry.logo_churn) as benchmark_logo_churn
from summed
left join {{ ref('retention_benchmarks') }} as of_segment
    on summed.dimension = 'segment'
    and summed.member = of_segment.segment
left join {{ ref('industry_retention_benchmarks') }} as of_industry
    on summed.dimension = 'industry'
    and lower(summed.member) = lower(of_industry.industry)
