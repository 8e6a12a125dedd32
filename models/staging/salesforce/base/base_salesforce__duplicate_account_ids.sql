-- Grain: one row per account_id that the source table holds more than once.
{{ config(enabled=customer_health.subject_is_built('account_health'), materialized='table') }}

with source as (

    select * from {{ source('raw', 'salesforce__customer_360_view') }}

),

-- Counting 64-bit hashes first takes a fraction of the memory of counting the ids themselves.
repeated_hashes as (

    select {{ customer_health.text_hash('trim(account_id)') }} as id_hash
    from source
    where trim(account_id) <> ''
    group by {{ customer_health.text_hash('trim(account_id)') }}
    having count(*) > 1

)

select
    trim(source.account_id) as account_id,
    count(*) as row_count
from source
inner join repeated_hashes
    on {{ customer_health.text_hash('trim(source.account_id)') }} = repeated_hashes.id_hash
where trim(source.account_id) <> ''
group by trim(source.account_id)
having count(*) > 1
