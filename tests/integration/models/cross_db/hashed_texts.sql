-- Grain: one text, as a hash that is the same on every engine.

select
    example,
    {{ customer_health.text_sha256('source_value') }} as sha256
from {{ ref('input_texts') }}
