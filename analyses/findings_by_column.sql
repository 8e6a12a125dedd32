-- What to mend in the CRM first: findings per column and reason.
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
