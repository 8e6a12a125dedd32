-- Where low-health accounts of the best tier lose most points: the first question of a save call.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with contributions as (

    select * from {{ ref('account_health_contributions') }}

),

accounts as (

    select * from {{ ref('account_health') }}

)

select
    accounts.account_id,
    accounts.account_name,
    accounts.health_score,
    accounts.predicted_6m_revenue,
    contributions.metric,
    contributions.raw_value,
    contributions.max_points - contributions.points as points_lost
from accounts
inner join contributions
    on accounts.account_id = contributions.account_id
where
    accounts.health_band = 'Low'
    and accounts.contribution_tier = 'A'
order by contributions.max_points - contributions.points desc, accounts.account_id asc
limit 20
