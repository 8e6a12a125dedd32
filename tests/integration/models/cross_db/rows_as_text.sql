-- Grain: one row, written as JSON text. A fixture of a unit test cannot hold a backslash on every
-- engine: a caret stands for it.

select
    shares.example,
    replace(
        {{ customer_health.row_text('shares', ['successes', 'trials', 'example']) }}, chr(92), '^'
    ) as row_text
from {{ ref('input_shares') }} as shares
