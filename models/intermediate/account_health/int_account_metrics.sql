-- Grain: one account on one as-of date of this run, with the metrics that the scored policies read: the current
-- date, and those of the snapshots that the history lacks.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set needs_signals = customer_health.needs_of_policies().signals %}
{%- set signals = customer_health.scored_signals() %}

with accounts as (

    {% if needs_signals -%}
    select
        accounts.*
        {%- for signal in signals %},
        case
            when signals.{{ signal }}__state in ('measured', 'measured_zero') then signals.{{ signal }}__value
        end as {{ signal }}__signal
        {%- endfor %}
    from {{ ref('int_accounts_by_date') }} as accounts
    left join {{ ref('int_account_signals') }} as signals
        on accounts.as_of_date = signals.as_of_date
        and accounts.account_id = signals.account_id
    {%- else -%}
    select * from {{ ref('int_accounts_by_date') }}
    {%- endif %}

)

select
    as_of_date,
    account_id,
    account_name,
    industry,
    account_size_segment,
    geographic_region,
    owner_id
    {%- for column in customer_health.metric_columns() %},
    {{ column }}
    {%- endfor %}
    {%- for policy in customer_health.policies() if policy.size_points %},
    {{ customer_health.size_points(policy) }}
    {%- endfor %}
from accounts
