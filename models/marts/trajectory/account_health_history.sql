-- Grain: one account on one as_of_date. STUB with random drift until the persisted slices are there.
{{ config(enabled=customer_health.subject_is_built('trajectory'), contract={'enforced': false}) }}

with weeks as (

    select * from (values
        {%- for week in range(27) %}
        ({{ week }}){{ ',' if not loop.last }}
        {%- endfor %}
    ) as weeks (week)

),

moved as (

    select
        account_health.* replace (
            cast(account_health.as_of_date - weeks.week * 7 as date) as as_of_date,
            cast(least(100, greatest(0, account_health.health_score
                + weeks.week * (cast(hash(account_health.account_id) % 21 as integer) - 10) / 10.0)) as decimal(9, 6)) as health_score,
            account_health.days_since_last_activity + weeks.week % 3 as days_since_last_activity
        )
    from {{ ref('account_health') }} as account_health
    cross join weeks
    where hash(account_health.account_id) % 5 = 0 and hash(account_health.account_id, weeks.week) % 20 > 0

)

select * replace (
    case when health_score >= 80 then 'High' when health_score >= 50 then 'Medium' when health_score is null then 'Unscored' else 'Low' end
        as health_band
)
from moved
