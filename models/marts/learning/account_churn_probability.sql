-- Grain: one account of the current date that has not churned.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set text = customer_health.type_text() %}

with current_accounts as (

    select
        labels.as_of_date,
        labels.account_id,
        labels.segment
    from {{ ref('outcome_labels') }} as labels
    inner join {{ ref('int_learning_dates') }} as dates
        on labels.as_of_date = dates.as_of_date
    where dates.is_current

),

pooled as (

    select is_fitted
    from {{ ref('int_scorecard_scopes') }}
    where scope = 'all'

),

ranked as (

    select
        bins.as_of_date,
        bins.account_id,
        bins.signal,
        bins.unusual_points,
        row_number() over (
            partition by bins.as_of_date, bins.account_id
            order by bins.unusual_points desc, {{ customer_health.byte_order('bins.signal') }}
        ) as place
    from {{ ref('int_account_scorecard_bins') }} as bins
    inner join {{ ref('int_learning_dates') }} as dates
        on bins.as_of_date = dates.as_of_date
    where dates.is_current
        and bins.is_own_scope
        and bins.unusual_points > 0

),

reasons as (

    select
        as_of_date,
        account_id
        {%- for place in [1, 2, 3] %},
        max(case when place = {{ place }} then signal end) as reason_{{ place }},
        max(case when place = {{ place }} then unusual_points end) as reason_{{ place }}_points
        {%- endfor %}
    from ranked
    where place <= 3
    group by as_of_date, account_id

)

select
    current_accounts.account_id,
    current_accounts.segment,
    probabilities.churn_probability,
    probabilities.points
    {%- for place in [1, 2, 3] %},
    reasons.reason_{{ place }},
    cast(reasons.reason_{{ place }}_points as bigint) as reason_{{ place }}_points
    {%- endfor %},
    cast({{ customer_health.learning_settings().horizon_days | int }} as bigint) as horizon_days,
    probabilities.scope as scorecard,
    probabilities.model_version,
    case
        when probabilities.account_id is not null then 'measured'
        when pooled.is_fitted then 'no signal'
        else 'insufficient outcomes'
    end as status,
    current_accounts.as_of_date
from current_accounts
cross join pooled
left join {{ ref('int_churn_probabilities') }} as probabilities
    on current_accounts.as_of_date = probabilities.as_of_date
    and current_accounts.account_id = probabilities.account_id
left join reasons
    on current_accounts.as_of_date = reasons.as_of_date
    and current_accounts.account_id = reasons.account_id
