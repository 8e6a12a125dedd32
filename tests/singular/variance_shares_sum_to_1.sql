-- The dimensions together explain the whole variance of the score; each share is rounded once.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with importance as (

    select * from {{ ref('dimension_importance') }}

)

select
    policy as row_key,
    sum(variance_share) as observed_total,
    count(*) * 0.0000005 as allowed_difference
from importance
group by policy
having abs(sum(variance_share) - 1) > count(*) * 0.0000005
