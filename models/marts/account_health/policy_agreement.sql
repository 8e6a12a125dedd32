-- Grain: one pair of policies and the bands that both give. Every pair once, in the order of the setting.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set policies = customer_health.policies() %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

)

{% for policy_a in policies -%}
{%- set outer = loop -%}
{%- for policy_b in policies[outer.index:] %}
select
    '{{ policy_a.name }}' as policy_a,
    '{{ policy_b.name }}' as policy_b,
    {{ customer_health.ladder(policy_a.name ~ '__health_score', policy_a.bands, 'band') }} as band_a,
    {{ customer_health.ladder(policy_b.name ~ '__health_score', policy_b.bands, 'band') }} as band_b,
    count(*) as account_count,
    cast(sum({{ policy_a.name }}__predicted_6m_revenue) as decimal(38, 6)) as predicted_6m_revenue_a,
    cast(sum({{ policy_b.name }}__predicted_6m_revenue) as decimal(38, 6)) as predicted_6m_revenue_b
from accounts_scored
group by 3, 4
union all
{% endfor -%}
{%- endfor %}
select
    cast(null as {{ customer_health.type_text() }}) as policy_a,
    cast(null as {{ customer_health.type_text() }}) as policy_b,
    cast(null as {{ customer_health.type_text() }}) as band_a,
    cast(null as {{ customer_health.type_text() }}) as band_b,
    cast(null as bigint) as account_count,
    cast(null as decimal(38, 6)) as predicted_6m_revenue_a,
    cast(null as decimal(38, 6)) as predicted_6m_revenue_b
where false
