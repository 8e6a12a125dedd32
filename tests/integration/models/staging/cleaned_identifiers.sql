-- Grain: one identifier of the engine's own type, cleaned as text, as a label and as a number.

select
    example,
    {{ customer_health.clean_value('source_value', 'text', 'text') }} as as_text,
    {{ customer_health.clean_value('source_value', 'industry', 'text') }} as as_industry,
    {{ customer_health.clean_value('source_value', 'count', 'text') }} as as_count,
    {{ customer_health.finding_code('source_value', 'count', 'text') }} as count_finding
from {{ ref('input_identifiers') }}
