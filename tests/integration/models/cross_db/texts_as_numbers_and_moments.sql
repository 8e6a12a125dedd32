-- Grain: one text, read as a number and as a moment.

select
    example,
    {{ customer_health.text_to_double('source_value') }} as number,
    {{ customer_health.text_to_timestamp('source_value') }} as moment,
    coalesce(
        {{ customer_health.text_hash('trim(source_value)') }}
        = {{ customer_health.text_hash("'12'") }},
        false
    ) as is_hash_of_12
from {{ ref('input_texts') }}
