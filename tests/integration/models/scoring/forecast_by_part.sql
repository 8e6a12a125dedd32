-- Grain: one account, with each kind of part that a forecast can have.

{%- set policy = {'name': 'all', 'forecast': {'horizon_months': 6, 'parts': {
    'run_rate_revenue': {
        'amount': 'total_won_amount', 'share': 1, 'per_account_age': true,
        'base': 0.5, 'slope': 0.5,
    },
    'pipeline_revenue': {
        'amount': 'current_pipeline_amount', 'share': 1, 'times_win_rate': true,
        'base': 0.4, 'slope': 0.8,
    },
    'upsell_revenue': {'amount': 'annual_revenue', 'share': 0.25, 'base': 0, 'slope': 1},
}}} %}
{%- set without_run_rate = {'forecast': {'horizon_months': 6, 'parts': {
    'upsell_revenue': policy.forecast.parts.upsell_revenue
}}} %}

select
    example,
    cast({{ customer_health.forecast_part(policy, 'run_rate_revenue', 'health_score') }}
        as decimal(28, 8)) as run_rate_revenue,
    cast({{ customer_health.forecast_part(policy, 'pipeline_revenue', 'health_score') }}
        as decimal(28, 8)) as pipeline_revenue,
    cast({{ customer_health.forecast_part(policy, 'upsell_revenue', 'health_score') }}
        as decimal(28, 8)) as upsell_revenue,
    {{ customer_health.is_run_rate_unknown(policy) }} as is_run_rate_unknown,
    {{ customer_health.is_run_rate_unknown(without_run_rate) }} as is_unknown_without_run_rate
from {{ ref('input_forecasts') }}
