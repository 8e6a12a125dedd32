-- Grain: one text, cleaned as a label. A fixture of a unit test cannot hold a backslash on every
-- engine: a caret stands for it.

with texts as (

    select
        example,
        replace(source_value, '^', chr(92)) as source_value
    from {{ ref('input_texts') }}

)

select
    example,
    replace({{ customer_health.clean_value('source_value', 'industry', 'text') }}, chr(92), '^')
        as as_industry
from texts
