-- Accounts whose band depends on the method: look at these before acting on a band.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with policy_scores as (

    select * from {{ ref('policy_scores') }}

)

select
    account_id,
    count(distinct health_band) as bands,
    min(health_score) as lowest_score,
    max(health_score) as highest_score
from policy_scores
group by account_id
having count(distinct health_band) > 1
order by max(health_score) - min(health_score) desc, account_id asc
limit 20
