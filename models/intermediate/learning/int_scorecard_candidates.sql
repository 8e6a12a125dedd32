-- Grain: one signal in a scope, with its information value; is_candidate where it may enter the scorecard.
{{ config(enabled=customer_health.subject_is_built('learning'), materialized='table') }}

{%- set settings = customer_health.learning_settings() %}

with totals as (

    select
        scope,
        signal,
        max(case when bin > 0 then bin else 0 end) as known_bin_count,
        max(case when bin = 0 then label_count end) as unknown_count,
        sum({{ customer_health.to_decimal('information') }}) as information_value
    from {{ ref('int_signal_bins') }}
    group by scope, signal

),

ranked as (

    select
        totals.*,
        case
            when known_bin_count = 0 then 'no value'
            when known_bin_count = 1 and unknown_count = 0 then 'constant'
            when information_value is null then 'insufficient outcomes'
            else 'measured'
        end as status,
        row_number() over (
            partition by scope
            order by information_value desc nulls last, {{ customer_health.byte_order('signal') }}
        ) as place
    from totals
    {{ customer_health.computed_once() }}

)

select
    scope,
    signal,
    information_value,
    status,
    place,
    status = 'measured' and information_value >= {{ settings.min_information_value }}
    and place <= {{ settings.max_candidates | int }} as is_candidate
from ranked
