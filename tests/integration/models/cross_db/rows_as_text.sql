-- Grain: one row, written as JSON text.

select
    shares.example,
    {{ customer_health.row_text('shares', ['successes', 'trials', 'example']) }} as row_text
from {{ ref('input_shares') }} as shares
