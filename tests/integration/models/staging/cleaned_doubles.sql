-- Grain: one source value of the kind double, cleaned by every rule but the labels, with the
-- reason of a refusal.

{%- set rules = [
    'amount', 'count', 'signed_count', 'percentage', 'score', 'flag', 'timestamp', 'epoch_seconds',
] %}

select
    example,
    {%- for rule in rules %}
    {{ customer_health.clean_value('source_value', rule, 'double') }} as as_{{ rule }},
    {{ customer_health.finding_code('source_value', rule, 'double') }} as {{ rule }}_finding,
    {%- endfor %}
    {{ customer_health.clean_value('source_value', 'text', 'double') }} as as_text,
    {{ customer_health.clean_value('source_value', 'key', 'double') }} as as_key
from {{ ref('input_doubles') }}
