-- Grain: one account, weighted over what is measured of two dimensions:
-- contact 0.6 (reach 0.75, depth 0.25) and money 0.4 (spend 1).

{%- set reach = {
    'policy': 'small', 'dimension': 'contact', 'scaled_column': 'reach',
    'weight_millionths': 750000, 'dimension_weight_millionths': 600000,
} %}
{%- set depth = dict(reach, scaled_column='depth', weight_millionths=250000) %}
{%- set spend = {
    'policy': 'small', 'dimension': 'money', 'scaled_column': 'spend',
    'weight_millionths': 1000000, 'dimension_weight_millionths': 400000,
} %}
{%- set contact = {
    'dimension': 'contact', 'weight_millionths': 600000, 'metrics': [reach, depth]
} %}
{%- set money = {'dimension': 'money', 'weight_millionths': 400000, 'metrics': [spend]} %}
{%- set policy = {
    'name': 'small', 'dimensions': [contact, money], 'metrics': [reach, depth, spend]
} %}

with measured_within_dimensions as (

    select
        *,
        {{ customer_health.measured_weight(contact) }} as small__contact__measured,
        {{ customer_health.measured_weight(money) }} as small__money__measured
    from {{ ref('input_scaled_metrics') }}

),

measured as (

    select
        *,
        {{ customer_health.measured_dimension_weight(policy) }} as small__measured
    from measured_within_dimensions

)

select
    example,
    small__contact__measured as contact_measured,
    small__money__measured as money_measured,
    small__measured as measured,
    {{ customer_health.score_coverage(policy) }} as coverage,
    cast(case when reach is not null then {{ customer_health.max_points(reach) }} end
        as decimal(18, 12)) as reach_max_points,
    cast(case when depth is not null then {{ customer_health.max_points(depth) }} end
        as decimal(18, 12)) as depth_max_points,
    cast(case when spend is not null then {{ customer_health.max_points(spend) }} end
        as decimal(18, 12)) as spend_max_points,
    cast({{ customer_health.sub_score(policy, contact) }} as decimal(18, 12)) as contact_score,
    cast({{ customer_health.sub_score(policy, money) }} as decimal(18, 12)) as money_score
from measured
