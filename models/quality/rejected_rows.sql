-- Grain: one source row without a key, or one key that the source holds more than once (losers folded).
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with set_aside as (

    select * from {{ ref('base_salesforce__accounts_set_aside') }}

)

select
    'salesforce__customer_360_view' as source,
    cast(null as {{ customer_health.type_text() }}) as key,
    'missing_key' as reason_code,
    'account_id is empty' as reason,
    cast(1 as bigint) as row_count,
    row_text
from set_aside
where key is null

union all

-- The text shown is that of the best row among those left out.
select
    'salesforce__customer_360_view' as source,
    key,
    'duplicate_key' as reason_code,
    'account_id occurs more than once; the most complete, most recently active row is kept' as reason,
    count(*) as row_count,
    max(case when row_rank = 2 then row_text end) as row_text
from set_aside
where row_rank > 1
group by key
