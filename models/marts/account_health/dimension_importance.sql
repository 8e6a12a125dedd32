-- Grain: one policy and dimension. How much of the score's variation the dimension really explains.
-- Sums of whole millionths throughout, so equal scores have a variance of exactly 0 (and no shares).
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

{% for policy in customer_health.policies() %}
{{ policy.name }}_points as (

    select
        cast({{ policy.name }}__health_score * 1000000 as bigint) as health_score
        {%- for dimension in policy.dimensions %},
        cast((
        {%- for metric in dimension.metrics -%}
            coalesce({{ metric.points_column }}, 0){{ ' + ' if not loop.last }}
        {%- endfor %}) * 1000000 as bigint) as {{ dimension.dimension }}
        {%- endfor %}
    from accounts_scored
    where {{ policy.name }}__health_score is not null

),

{{ policy.name }}_sums as (

    select
        cast(count(*) as {{ customer_health.type_whole_number() }}) as scored_count,
        {{ customer_health.whole_sum('health_score') }} as score_sum,
        {{ customer_health.whole_sum('health_score * health_score') }} as score_square_sum
        {%- for dimension in policy.dimensions %},
        {{ customer_health.whole_sum(dimension.dimension) }} as {{ dimension.dimension }}_sum,
        {{ customer_health.whole_sum(dimension.dimension ~ ' * ' ~ dimension.dimension) }}
            as {{ dimension.dimension }}_square_sum,
        {{ customer_health.whole_sum(dimension.dimension ~ ' * health_score') }}
            as {{ dimension.dimension }}_product_sum
        {%- endfor %}
    from {{ policy.name }}_points

),
{% endfor %}

-- n x sum of products - product of sums: the variance or covariance times n^2 (x 10^12), exactly.
spread as (

    {%- for policy in customer_health.policies() %}
    {%- set outer = loop %}
    {%- for dimension in policy.dimensions %}
    select
        '{{ policy.name }}' as policy,
        '{{ dimension.dimension }}' as dimension,
        cast({{ dimension.weight }} as decimal(9, 6)) as nominal_weight,
        scored_count,
        scored_count * {{ dimension.dimension }}_square_sum
        - {{ dimension.dimension }}_sum * {{ dimension.dimension }}_sum as dimension_spread,
        scored_count * {{ dimension.dimension }}_product_sum
        - {{ dimension.dimension }}_sum * score_sum as shared_spread,
        scored_count * score_square_sum - score_sum * score_sum as score_spread
    from {{ policy.name }}_sums
    {{ 'union all' if not (loop.last and outer.last) }}
    {%- endfor %}
    {%- endfor %}

)

select
    policy,
    dimension,
    nominal_weight,
    {{ customer_health.to_decimal(
        customer_health.safe_divide(
            'sqrt(cast(dimension_spread as ' ~ customer_health.type_double() ~ '))', 'scored_count * 1000000'
        ), 9
    ) }} as contribution_sd,
    {{ customer_health.to_decimal(customer_health.safe_divide('shared_spread', 'score_spread'), 9) }} as variance_share
from spread
