-- Grain: one account on as_of_date, in exactly one segment.
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set segments = customer_health.segments() %}

with accounts as (

    select * from {{ ref('account_health') }}

),

placed as (

    select
        account_id,
        as_of_date,
        case
            {%- for segment in segments[:-1] %}
            {%- set position = loop.index %}
            {%- for rule in segment.any_of %}
            when {{ customer_health.segment_condition(rule) }} then {{ position }}
            {%- endfor %}
            {%- endfor %}
            else {{ segments | length }}
        end as segment_position
    from accounts
    {{ customer_health.computed_once() }}

)

select
    account_id,
    case segment_position
        {%- for segment in segments %}
        when {{ loop.index }} then '{{ segment.segment }}'
        {%- endfor %}
    end as segment,
    cast(segment_position as bigint) as segment_position,
    as_of_date
from placed
