-- Grain: one source value of the kind text, cleaned by every rule, with the reason of a refusal. A fixture of a
-- unit test cannot hold a backslash on every engine: a caret stands for it.

{%- set rules = [
    'amount', 'count', 'signed_count', 'percentage', 'score', 'flag', 'timestamp', 'epoch_seconds',
    'industry', 'size_segment',
] %}

with texts as (

    select
        example,
        replace(source_value, '^', chr(92)) as source_value
    from {{ ref('input_texts') }}

)

select
    example,
    {%- for rule in rules %}
    {{ customer_health.clean_value('source_value', rule, 'text') }} as as_{{ rule }},
    {{ customer_health.finding_code('source_value', rule, 'text') }} as {{ rule }}_finding,
    {%- endfor %}
    {{ customer_health.clean_value('source_value', 'text', 'text') }} as as_text,
    {{ customer_health.clean_value('source_value', 'key', 'text') }} as as_key
from texts
