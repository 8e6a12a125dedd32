-- Grain: one source row without a key, or one key that the source holds more than once (losers folded).
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with source as (

    select * from {{ source('raw', 'salesforce__customer_360_view') }}

),

duplicates as (

    select * from {{ ref('base_salesforce__duplicate_accounts') }}

),

without_key as (

    select
        'salesforce__customer_360_view' as source,
        cast(null as {{ customer_health.type_text() }}) as key,
        'missing_key' as reason_code,
        'account_id is empty' as reason,
        cast(1 as bigint) as row_count,
        {{ customer_health.row_text('source', customer_health.present_salesforce_account_columns()) }} as row_text
    from source
    where coalesce(trim(account_id), '') = ''

),

-- The text shown is that of the best row among those left out.
folded_duplicates as (

    select
        'salesforce__customer_360_view' as source,
        trim(account_id) as key,
        'duplicate_key' as reason_code,
        'account_id occurs more than once; the most complete, most recently active row is kept' as reason,
        count(*) as row_count,
        max(case when row_rank = 2 then row_text end) as row_text
    from duplicates
    where row_rank > 1
    group by trim(account_id)

)

select * from without_key
union all
select * from folded_duplicates
