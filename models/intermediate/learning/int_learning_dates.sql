-- Grain: one label date, and the current date. The grid has fixed days, so that a label stays where it was.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}
{%- set every = settings.label_every_days | int %}
{%- set horizon = settings.horizon_days | int %}
{%- set first_day = "cast('1900-01-01' as date)" %}

with stored as (
    {%- if customer_health.learns_from_history() %}

    select distinct
        as_of_date,
        'history' as origin
    from {{ ref('account_health_history') }}
    {%- endif %}
    {%- if customer_health.learning_settings().signals_from == 'both' %}

    union all
    {%- endif %}
    {%- if customer_health.learning_settings().signals_from != 'history' %}

    select distinct
        as_of_date,
        'signals' as origin
    from {{ ref('stg_learning__account_signals') }}
    {%- endif %}

),

-- The point of the grid on the day or next after it.
placed as (

    select
        as_of_date,
        origin,
        cast({{ customer_health.whole_division(
            'cast(' ~ customer_health.days_between(first_day, 'as_of_date') ~ ' + ' ~ (every - 1) ~ ' as '
            ~ customer_health.type_whole_number() ~ ')', every
        ) }} as bigint) as grid_number
    from stored
    where as_of_date >= {{ first_day }}
    {{ customer_health.computed_once() }}

),

grid as (

    select
        grid_number,
        max(as_of_date) as as_of_date,
        max(case when origin = 'history' then as_of_date end) as history_on,
        max(case when origin = 'signals' then as_of_date end) as signals_on
    from placed
    where grid_number * {{ every }} + {{ horizon }}
        <= {{ customer_health.days_between(first_day, customer_health.as_of_date()) }}
    group by grid_number

),

newest as (

    select max(as_of_date) as current_on from stored

),

-- What is scored today: the newest rows of each origin, if they are not older than a step of the grid.
current_date_row as (

    select
        newest.current_on as as_of_date,
        max(case when stored.origin = 'history' then stored.as_of_date end) as history_on,
        max(case when stored.origin = 'signals' then stored.as_of_date end) as signals_on
    from newest
    inner join stored
        on {{ customer_health.days_between('stored.as_of_date', 'newest.current_on') }} < {{ every }}
    group by newest.current_on

),

ends as (

    select
        min(as_of_date) as first_on,
        max(as_of_date) as last_on,
        {{ customer_health.days_between('min(as_of_date)', 'max(as_of_date)') }} - {{ horizon }} as days_to_share
    from grid
    {{ customer_health.computed_once() }}

),

-- At most half of what the horizon between the two leaves is for the test.
test_start as (

    select min(grid.as_of_date) as test_from
    from grid
    cross join ends
    where {{ customer_health.days_between('grid.as_of_date', 'ends.last_on') }} <= {{ settings.test_days | int }}
        and 2 * {{ customer_health.days_between('grid.as_of_date', 'ends.last_on') }}
        <= case when ends.days_to_share > 0 then ends.days_to_share else 0 end

),

labelled as (

    select
        grid.as_of_date,
        grid.history_on,
        grid.signals_on,
        case
            when grid.as_of_date >= test_start.test_from then 'test'
            when {{ customer_health.days_between('grid.as_of_date', 'test_start.test_from') }} >= {{ horizon }}
                then 'train'
            else 'gap'
        end as period
    from grid
    cross join test_start

)

select
    as_of_date,
    history_on,
    signals_on,
    period,
    as_of_date = (select current_on from newest) as is_current
from labelled

union all

select
    as_of_date,
    history_on,
    signals_on,
    'open' as period,
    true as is_current
from current_date_row
where not exists (
    select 1
    from labelled
    where labelled.as_of_date = current_date_row.as_of_date
)
