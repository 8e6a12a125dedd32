-- Why did scores move between two dates of your own? The accounts that lost most, and whose doing it was.
-- Here from the oldest to the newest slice of each account; write the dates that you want instead.
{{ config(enabled=customer_health.subject_is_built('trajectory')) }}

{%- set pairs %}
(
    select
        account_id,
        'whole history' as label,
        min(as_of_date) as from_date,
        max(as_of_date) as to_date
    from {{ ref('account_health_slices') }}
    where health_score is not null
    group by account_id
    having min(as_of_date) < max(as_of_date)
) as oldest_and_newest
{%- endset %}

with changes as (
    {{ customer_health.health_changes(pairs) | indent(4) }}
)

select
    account_id,
    from_date,
    to_date,
    sum(points_change) as score_change,
    sum(own_change) as own_change,
    sum(peer_change) as peer_change,
    sum(policy_change) as policy_change
from changes
group by account_id, from_date, to_date
order by score_change, account_id
limit 20
