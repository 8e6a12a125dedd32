-- Grain: one share with the bounds of its Wilson interval.

select
    example,
    cast({{ customer_health.wilson_bound('successes', 'trials', -1) }}
        as decimal(18, 12)) as lower_bound,
    cast({{ customer_health.wilson_bound('successes', 'trials', 1) }}
        as decimal(18, 12)) as upper_bound
from {{ ref('input_shares') }}
