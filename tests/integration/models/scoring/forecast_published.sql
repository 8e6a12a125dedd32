-- Grain: one account, with the published columns of a forecast of two parts.

{%- set policy = {'name': 'two', 'forecast': {'parts': {'upsell_revenue': {}, 'run_rate_revenue': {}}}} %}

select
    example,
    {{ customer_health.published_forecast(policy) }}
from {{ ref('input_forecast_sums') }}
