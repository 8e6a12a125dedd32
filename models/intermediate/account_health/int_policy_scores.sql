-- Grain: one account on as_of_date under one policy. The wide rows, one policy below the other.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

tier_cut_offs as (

    select * from {{ ref('int_tier_cut_offs') }}

)

{% for policy in customer_health.policies() -%}
select
    {{ customer_health.policy_score_columns(policy) }}
from accounts_scored
inner join tier_cut_offs
    on accounts_scored.as_of_date = tier_cut_offs.as_of_date
{{ 'union all' if not loop.last }}
{% endfor %}
