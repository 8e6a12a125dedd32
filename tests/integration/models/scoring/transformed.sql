-- Grain: one value and its transforms.

select
    example,
    cast({{ customer_health.transform('value', none) }} as decimal(18, 12)) as untouched,
    cast({{ customer_health.transform('value', 'sqrt') }} as decimal(18, 12)) as square_root,
    cast({{ customer_health.transform('value', 'log1p') }} as decimal(18, 12)) as log1p
from {{ ref('input_values') }}
