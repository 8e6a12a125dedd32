-- Grain: one count of seconds since 1970 with a fraction, read as a moment.

select
    example,
    {{ customer_health.epoch_to_timestamp('source_value') }} as moment
from {{ ref('input_doubles') }}
