-- Grain: one reason of churn within one value of the segment column; `all` for every value, and every reason.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set segment_column = customer_health.learning_settings().segment_column %}
{%- set look_back_days = customer_health.validation_settings().risk_look_back_days %}
{%- set lowest_band = customer_health.active_policy().bands[-1].band %}
{%- set text = customer_health.type_text() %}

with churns as (

    select
        account_id,
        outcome_date as churned_on,
        coalesce(reason, 'Unknown') as reason,
        arr
    from {{ ref('stg_outcomes__account_outcomes') }}
    where outcome = 'churned'

),

history as (

    select
        account_id,
        as_of_date,
        {{ segment_column or "cast(null as " ~ text ~ ")" }} as segment,
        health_band = '{{ lowest_band }}' and policy = '{{ customer_health.active_policy().name }}' as is_lowest_band
    from {{ ref('account_health_history') }}

),

-- The newest slice up to the churn, and the first one in the lowest band within the look-back.
slices as (

    select
        churns.account_id,
        churns.churned_on,
        max(history.as_of_date) as last_slice_on,
        min(
            case
                when history.is_lowest_band
                    and {{ customer_health.days_between('history.as_of_date', 'churns.churned_on') }}
                    between 1 and {{ look_back_days }}
                    then history.as_of_date
            end
        ) as first_low_on
    from churns
    inner join history
        on churns.account_id = history.account_id
        and churns.churned_on >= history.as_of_date
    group by churns.account_id, churns.churned_on

),

alerts as (

    select
        churns.account_id,
        churns.churned_on,
        min(alert_history.opened_on) as first_alert_on
    from churns
    inner join {{ ref('alert_history') }} as alert_history
        on churns.account_id = alert_history.account_id
        and {{ customer_health.days_between('alert_history.opened_on', 'churns.churned_on') }}
        between 1 and {{ look_back_days }}
    group by churns.account_id, churns.churned_on

),

first_signs as (

    select
        churns.account_id,
        churns.churned_on,
        churns.reason,
        churns.arr,
        coalesce(history.segment, 'Unknown') as segment,
        slices.account_id is not null or alerts.account_id is not null as is_observed,
        case
            when slices.first_low_on is null then alerts.first_alert_on
            when alerts.first_alert_on is null then slices.first_low_on
            when alerts.first_alert_on < slices.first_low_on then alerts.first_alert_on
            else slices.first_low_on
        end as first_sign_on
    from churns
    left join slices
        on churns.account_id = slices.account_id
        and churns.churned_on = slices.churned_on
    left join history
        on slices.account_id = history.account_id
        and slices.last_slice_on = history.as_of_date
    left join alerts
        on churns.account_id = alerts.account_id
        and churns.churned_on = alerts.churned_on
    {{ customer_health.computed_once() }}

),

scoped as (
    {% for segment in (["segment"] if segment_column else []) + ["'all'"] %}
    {%- set is_last_segment = loop.last %}
    {%- for reason in ['reason', "'all'"] %}
    select
        cast({{ segment }} as {{ text }}) as segment,
        cast({{ reason }} as {{ text }}) as reason,
        arr,
        is_observed,
        {{ customer_health.days_between('first_sign_on', 'churned_on') }} as days_of_notice
    from first_signs
    {{ 'union all' if not (is_last_segment and loop.last) }}
    {%- endfor %}
    {%- endfor %}

),

in_order as (

    select
        scoped.*,
        row_number() over (partition by segment, reason order by days_of_notice nulls last) as place,
        count(days_of_notice) over (partition by segment, reason) as sign_count
    from scoped

),

counted as (

    select
        segment,
        reason,
        count(*) as churn_count,
        cast(sum(coalesce(arr, 0)) as decimal(28, 6)) as arr,
        count(arr) as known_arr_count,
        count(case when is_observed then 1 end) as observed_count,
        count(days_of_notice) as sign_count,
        sum(case when 2 * place between sign_count and sign_count + 2 then days_of_notice else 0 end) as middle_sum,
        sum(
            case
                when days_of_notice is not null and 2 * place between sign_count and sign_count + 2 then 1
                else 0
            end
        ) as middle_count
    from in_order
    group by segment, reason

),

totals as (

    select
        segment,
        churn_count,
        arr
    from counted
    where reason = 'all'

)

select
    counted.segment,
    counted.reason,
    cast(rank() over (
        partition by counted.segment, case when counted.reason = 'all' then 0 else 1 end
        order by counted.churn_count desc
    ) as bigint) as frequency_rank,
    counted.churn_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('counted.churn_count', 'totals.churn_count'), 9
    ) }} as churn_share,
    counted.arr,
    counted.known_arr_count,
    {{ customer_health.to_decimal(customer_health.safe_divide('counted.arr', 'totals.arr'), 9) }} as arr_share,
    counted.observed_count,
    counted.sign_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('counted.middle_sum', 'counted.middle_count')
    ) }} as median_days_from_first_sign
from counted
inner join totals
    on counted.segment = totals.segment
