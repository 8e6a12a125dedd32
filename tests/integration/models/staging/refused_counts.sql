-- Grain: one text, and whether the rules count and flag refuse it.

select
    example,
    {{ customer_health.is_refused('source_value', 'count', 'text') }} as is_refused_count,
    {{ customer_health.is_refused('source_value', 'flag', 'text') }} as is_refused_flag,
    {{ customer_health.is_refused('source_value', 'timestamp', 'text') }} as is_refused_timestamp,
    {{ customer_health.is_refused('source_value', 'industry', 'text') }} as is_refused_industry
from {{ ref('input_texts') }}
