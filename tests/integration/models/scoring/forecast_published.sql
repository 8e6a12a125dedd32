-- Grain: one account, with the published columns of a forecast of two parts.

{%- set parts = {'upsell_revenue': {}, 'run_rate_revenue': {}} %}
{%- set policy = {'name': 'two', 'forecast': {'parts': parts}} %}

select
    example,
    {{ customer_health.published_forecast(policy) }}
from {{ ref('input_forecast_sums') }}
