-- What to mend in the CRM first: findings per column and reason.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with findings as (

    select * from {{ ref('value_findings') }}

)

select
    source,
    column_name,
    reason_code,
    count(*) as findings
from findings
group by source, column_name, reason_code
order by count(*) desc, column_name asc, reason_code asc
