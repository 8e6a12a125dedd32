-- Grain: one exact sum, with its mean.

select
    example,
    {{ customer_health.exact_mean('total', 'counted') }} as mean
from {{ ref('input_exact_sums') }}
