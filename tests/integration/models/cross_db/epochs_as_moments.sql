-- Grain: one count of seconds since 1970, read as a moment.

select
    example,
    {{ customer_health.epoch_to_timestamp('source_value') }} as moment
from {{ ref('input_integers') }}
