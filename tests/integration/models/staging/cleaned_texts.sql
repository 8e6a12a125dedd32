-- Grain: one source value of the kind text, cleaned by every rule, with the reason of a refusal.

{%- set rules = [
    'amount', 'count', 'signed_count', 'percentage', 'score', 'flag', 'timestamp', 'epoch_seconds',
    'industry', 'size_segment',
] %}

select
    example,
    {%- for rule in rules %}
    {{ customer_health.clean_value('source_value', rule, 'text') }} as as_{{ rule }},
    {{ customer_health.finding_code('source_value', rule, 'text') }} as {{ rule }}_finding,
    {%- endfor %}
    {{ customer_health.clean_value('source_value', 'text', 'text') }} as as_text,
    {{ customer_health.clean_value('source_value', 'key', 'text') }} as as_key
from {{ ref('input_texts') }}
