-- Grain: one account on one date to judge: what rules can compare. NULL is unknown.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions'), materialized='table') }}

{%- set settings = customer_health.alert_settings() %}
{%- set policy = customer_health.active_policy() %}
{%- set measures = customer_health.alert_measures('account') %}
{%- set lowest = customer_health.text_literal(policy.bands[-1].band) %}
{%- set before = 'partition by account_id order by day_number range between '
    ~ (30 + settings.tolerance_days) ~ ' preceding and 30 preceding' %}
{%- set looked_back = 'partition by account_id order by day_number range between '
    ~ settings.look_back_days ~ ' preceding and current row' %}

with dates as (

    select * from {{ ref('int_alert_dates') }}

),

history as (

    select
        account_health_history.*,
        {{ customer_health.day_number('account_health_history.as_of_date') }} as day_number
    from {{ ref('account_health_history') }} as account_health_history
    where account_health_history.as_of_date <= {{ customer_health.as_of_date() }}
        and {{ customer_health.day_number('account_health_history.as_of_date') }}
        >= (select min(first_day_number) - {{ settings.look_back_days }} from dates)
    {{ customer_health.computed_once() }}

),

recent as (

    select
        history.*,
        lag(current_pipeline_amount) over (partition by account_id order by day_number) as previous_pipeline_amount,
        -- Scores in millionths and bands as numbers, behind the day: the largest is the newest.
        cast(health_score * cast(1000000 as decimal(7, 0)) as bigint) as score_millionths,
        {%- set months = policy.forecast.horizon_months %}
        case
            when predicted_6m_revenue is null then null
            {%- for bound in settings.forecast_bands %}
            when predicted_6m_revenue >= {{ customer_health.sql_decimal(bound * months) }} then {{ loop.revindex + 1 }}
            {%- endfor %}
            else 1
        end as forecast_band
    from history
    {{ customer_health.computed_once() }}

),

windowed as (

    select
        recent.*,
        max(
            case when score_millionths is not null then day_number * 1000000000 + score_millionths end
        ) over ({{ before }}) as earlier_score,
        max(case when forecast_band is not null then day_number * 1000 + forecast_band end)
            over ({{ before }}) as earlier_band,
        max(case when health_band not in ({{ lowest }}, 'Unscored') then day_number end)
            over ({{ looked_back }}) as higher_band_day,
        max(
            case
                when previous_pipeline_amount = current_pipeline_amount then null
                else day_number
            end
        ) over ({{ looked_back }}) as pipeline_changed_day,
        min(day_number) over ({{ looked_back }}) as first_day
    from recent
    {{ customer_health.computed_once() }}

)

select
    windowed.as_of_date,
    windowed.account_id,
    windowed.owner_id
    {%- for label in customer_health.alert_labels('account') %},
    windowed.{{ label }}
    {%- endfor %}
    {%- for measure, kind in measures.items() if kind != 'derived' %},
    {% if kind == 'double' -%}
    {{ customer_health.to_decimal('windowed.' ~ measure) }} as {{ measure }}
    {%- else -%}
    cast(windowed.{{ measure }} as decimal(28, 6)) as {{ measure }}
    {%- endif %}
    {%- endfor %},
    cast(
        {% if policy.bands | length > 1 -%}
        windowed.health_score - {{ customer_health.sql_decimal(policy.bands[-2].at_least) }}
        {%- else -%}
        null
        {%- endif %} as decimal(28, 6)
    ) as points_above_low_health,
    cast(
        cast(windowed.score_millionths - mod(windowed.earlier_score, 1000000000) as decimal(18, 0))
        * cast(0.000001 as decimal(7, 6)) as decimal(28, 6)
    ) as health_score_change_30d,
    cast(windowed.day_number - windowed.higher_band_day as decimal(28, 6)) as days_since_higher_band,
    cast(
        case
            when windowed.current_pipeline_amount is null then null
            when windowed.pipeline_changed_day > windowed.first_day
                then windowed.day_number - windowed.pipeline_changed_day
            else windowed.day_number - windowed.first_day
        end as decimal(28, 6)
    ) as days_pipeline_unchanged,
    cast(windowed.forecast_band - mod(windowed.earlier_band, 1000) as decimal(28, 6)) as forecast_band_change_30d
from windowed
inner join dates
    on windowed.as_of_date = dates.as_of_date
