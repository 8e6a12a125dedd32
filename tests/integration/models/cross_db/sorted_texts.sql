-- Grain: one text, with its place among all of them.

select
    example,
    row_number() over (
        order by {{ customer_health.byte_order('source_value') }} asc nulls last, example
    ) as place
from {{ ref('input_texts') }}
