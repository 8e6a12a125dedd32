-- Grain: one row, the build: what it was made of, and by which settings.
{{ config(
    enabled=customer_health.any_subject_is_built(),
    meta={'private_marts': customer_health.private_marts()}
) }}

{%- set text = customer_health.type_text() %}

with load_info as (

    select * from {{ ref('stg_loading__load_info') }}

),

currencies as (

    select * from {{ ref('stg_loading__currency') }}

),

build as (

    {{ customer_health.rows_as_table({
        'as_of_date': 'date',
        'package_version': text,
        'settings_hash': text,
        'invocation_id': text,
    }, [[
        customer_health.sql_literal(customer_health.as_of_day()),
        customer_health.sql_literal(customer_health.package_version()),
        customer_health.sql_literal(customer_health.settings_hash() if execute else ''),
        customer_health.sql_literal(invocation_id),
    ]]) | indent(4) }}

)

select
    build.as_of_date,
    nullif(currencies.currency, '') as currency,
    load_info.demo_tables <> '' as is_demo,
    load_info.demo_tables,
    load_info.source_rows,
    build.package_version,
    build.settings_hash,
    build.invocation_id
from build
cross join currencies
left join load_info on true
