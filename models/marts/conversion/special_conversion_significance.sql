-- Grain: one way to group members by platform. Do the groups' mean health scores differ by more than chance?
-- One-way F statistic over members with known health and platforms.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('conversion')) }}

{%- set double = customer_health.type_double() %}
{%- set comparisons = {
    'platforms': customer_health.platform_combinations().keys() | list,
    'number_of_platforms': [0, 1, 2, 3],
} %}

-- In whole millionths all sums are exact, so equal scores have a variance of exactly 0.
with members as (

    select
        platforms,
        number_of_platforms,
        cast({{ customer_health.to_millionths('health_score') }} as bigint) as health
    from {{ ref('int_customers_classified') }}
    where is_special_conversion
        and health_score is not null
        and number_of_platforms is not null

),

{% for comparison, groups in comparisons.items() -%}
{{ comparison }}_sums as (

    select
        {%- for group in groups %}
        {%- set in_group = 'case when ' ~ comparison ~ ' = ' ~ customer_health.sql_literal(group) ~ ' then ' %}
        count({{ in_group }}1 end) as group_{{ loop.index }}_count,
        coalesce({{ customer_health.whole_sum(in_group ~ 'health end') }}, 0) as group_{{ loop.index }}_sum,
        coalesce({{ customer_health.whole_sum(in_group ~ 'health * health end') }}, 0)
            as group_{{ loop.index }}_square_sum,
        {%- endfor %}
        count(*) as member_count,
        cast(count(*) as {{ customer_health.type_whole_number() }}) as whole_count,
        {{ customer_health.whole_sum('health') }} as health_sum,
        {{ customer_health.whole_sum('health * health') }} as health_square_sum,
        {{ customer_health.whole_sum('number_of_platforms') }} as number_sum,
        {{ customer_health.whole_sum('number_of_platforms * number_of_platforms') }} as number_square_sum,
        {{ customer_health.whole_sum('number_of_platforms * health') }} as product_sum
    from members

),

{{ comparison }}_variances as (

    select
        '{{ comparison }}' as comparison,
        {% for group in groups -%}
        case when group_{{ loop.index }}_count > 0 then 1 else 0 end{{ ' + ' if not loop.last }}
        {%- endfor %} as group_count,
        member_count,
        {%- for group in groups %}
        {%- set group_name = 'group_' ~ loop.index %}
        {%- set mean = 'cast(' ~ group_name ~ '_sum as ' ~ double ~ ') / nullif(' ~ group_name ~ '_count, 0)' %}
        {%- set distance = '(' ~ mean ~ ' - cast(health_sum as ' ~ double ~ ') / nullif(member_count, 0))' %}
        coalesce(group_{{ loop.index }}_count * {{ distance }} * {{ distance }}, 0){{ ' +' if not loop.last }}
        {%- endfor %} as between_squares,
        {%- for group in groups %}
        {%- set n = 'group_' ~ loop.index ~ '_count' %}
        {%- set spread = n ~ ' * group_' ~ loop.index ~ '_square_sum - group_' ~ loop.index ~ '_sum * group_'
            ~ loop.index ~ '_sum' %}
        coalesce(cast({{ spread }} as {{ double }}) / nullif({{ n }}, 0), 0){{ ' +' if not loop.last }}
        {%- endfor %} as within_squares,
        cast(whole_count * product_sum - number_sum * health_sum as {{ double }}) as shared_spread,
        cast(whole_count * number_square_sum - number_sum * number_sum as {{ double }}) as number_spread,
        cast(whole_count * health_square_sum - health_sum * health_sum as {{ double }}) as health_spread
    from {{ comparison }}_sums

),
{% endfor %}

variances as (

    {%- for comparison in comparisons %}
    select * from {{ comparison }}_variances
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

freedom as (

    select
        *,
        case when group_count > 0 then group_count - 1 else 0 end as between_degrees,
        member_count - group_count as within_degrees
    from variances
    {{ customer_health.computed_once() }}

),

tested as (

    select
        *,
        case
            when between_degrees > 0 and within_degrees > 0 and within_squares > 0
                then (between_squares / between_degrees) / (within_squares / within_degrees)
        end as f_value
    from freedom
    {{ customer_health.computed_once() }}

),

approximated as (

    select
        *,
        {{ customer_health.f_test_deviate('f_value', 'between_degrees', 'within_degrees') }} as deviate
    from tested
    {{ customer_health.computed_once() }}

)

select
    comparison,
    cast(group_count as bigint) as group_count,
    member_count,
    {{ customer_health.to_decimal('f_value') }} as f_statistic,
    cast(between_degrees as bigint) as between_degrees_of_freedom,
    cast(within_degrees as bigint) as within_degrees_of_freedom,
    {{ customer_health.normal_tail('deviate') }} as p_value,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('shared_spread', 'sqrt(number_spread) * sqrt(health_spread)'), 9
    ) }} as platform_health_correlation
from approximated
