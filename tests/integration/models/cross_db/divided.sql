-- Grain: one quotient of two whole numbers.

select
    example,
    cast({{ customer_health.safe_divide('successes', 'trials') }} as decimal(18, 12)) as quotient,
    {{ customer_health.whole_division('successes', 'trials') }} as whole_quotient
from {{ ref('input_shares') }}
