-- Grain: one division of the widest whole numbers.

select
    example,
    {{ customer_health.whole_division('dividend', 'divisor') }} as quotient,
    {{ customer_health.whole_division('dividend', 'divisor + 1') }} as quotient_by_one_more,
    dividend + 1 as next_number
from {{ ref('input_whole_numbers') }}
