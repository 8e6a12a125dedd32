-- Grain: one customer and month in which it has, or had the month or the year before, ARR that is known or not.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success'), materialized='table') }}

{#- How long ago -> prefix of the columns. -#}
{%- set periods = {0: 'ending', 1: 'starting', 12: 'year_ago'} %}
{#- Figure of a month -> when it is known, and its value. -#}
{%- set known = 'has_previous_month' %}
{%- set figures = {
    'ending_arr': {'known': known ~ ' or is_beginning', 'value': 'ending_arr'},
    'starting_arr': {'known': known, 'value': 'starting_arr'},
    'expansion_arr': {
        'known': known,
        'value': 'case when starting_arr > 0 and ending_arr > starting_arr then ending_arr - starting_arr else 0 end',
    },
    'contraction_arr': {
        'known': known,
        'value': 'case when ending_arr > 0 and ending_arr < starting_arr then starting_arr - ending_arr else 0 end',
    },
    'churned_arr': {'known': known, 'value': 'case when ending_arr = 0 then starting_arr else 0 end'},
    'new_arr': {'known': known, 'value': 'case when starting_arr = 0 then ending_arr else 0 end'},
} %}

with monthly as (

    select * from {{ ref('stg_customer_success__monthly_arr') }}

),

-- Months in which anybody has a row: against a month that nobody has, all customers would be new.
months as (

    select distinct
        month_number,
        month
    from monthly

),

-- Each row counts in its own month and, as what was before, in the next month and the next year.
customer_months as (
    {%- for ago in periods %}

    select
        customer_id,
        month_number + {{ ago }} as month_number
    from monthly
    {%- if not loop.last %}

    union distinct
    {%- endif %}
    {%- endfor %}

),

joined as (

    select
        customer_months.customer_id,
        customer_months.month_number,
        {%- for name in periods.values() %}
        coalesce({{ name }}.arr, 0) as {{ name }}_arr,
        case when {{ name }}.customer_id is not null and {{ name }}.arr is null then 1 else 0 end as {{ name }}_unknown,
        {{ name }}.segment as {{ name }}_segment,
        {{ name }}.industry as {{ name }}_industry
        {{- ',' if not loop.last }}
        {%- endfor %}
    from customer_months
    {%- for ago, name in periods.items() %}
    left join monthly as {{ name }}
        on customer_months.customer_id = {{ name }}.customer_id
        and customer_months.month_number = {{ name }}.month_number + {{ ago }}
    {%- endfor %}

),

dated as (

    select
        joined.*,
        months.month,
        previous.month_number is not null
            and joined.ending_unknown + joined.starting_unknown = 0 as has_previous_month,
        previous.month_number is null and joined.ending_unknown = 0 as is_beginning,
        year_before.month_number is not null
            and joined.ending_unknown + joined.year_ago_unknown = 0 as has_year_before
    from joined
    inner join months
        on joined.month_number = months.month_number
    left join months as previous
        on joined.month_number - 1 = previous.month_number
    left join months as year_before
        on joined.month_number - 12 = year_before.month_number

)

select
    customer_id,
    month,
    -- A customer counts where it was when the period began.
    case when starting_arr > 0 then starting_segment else ending_segment end as segment,
    case when starting_arr > 0 then starting_industry else ending_industry end as industry,
    has_previous_month,
    -- All figures of a month are of the same customers.
    {%- for figure, expression in figures.items() %}
    cast(case when {{ expression.known }} then {{ expression.value }} end as decimal(28, 6)) as {{ figure }},
    {%- endfor %}
    year_ago_segment,
    year_ago_industry,
    cast(case when has_year_before then year_ago_arr end as decimal(28, 6)) as year_ago_arr,
    cast(case when has_year_before then ending_arr end as decimal(28, 6)) as year_ending_arr
from dated
where
    starting_arr + ending_arr + year_ago_arr > 0
    or starting_unknown + ending_unknown > 0
