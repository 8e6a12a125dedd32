-- Grain: one text, without the blanks around it. The length shows those that cannot be seen.

select
    example,
    {{ customer_health.trimmed('source_value') }} as trimmed,
    length({{ customer_health.trimmed('source_value') }}) as trimmed_length
from {{ ref('input_texts') }}
