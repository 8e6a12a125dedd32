{#
    Fails for each row whose tier is not the one that its value deserves: the cut-offs are computed
    anew as exact continuous quantiles of the column, per group of `per`.
    tiers: the rows of policy_tiers (policy, position, tier, above_quantile, at_least_quantile).
#}
{% test tier_follows_value(model, column_name, value, key, per, tiers) %}

{%- set double = customer_health.type_double() %}

with valued as (

    select
        {{ key }} as row_key,
        {{ per }} as tier_group,
        {{ column_name }} as observed_tier,
        cast({{ value }} as {{ double }}) as tier_value
    from {{ model }}

),

value_counts as (

    select
        tier_group,
        tier_value,
        count(*) as value_count
    from valued
    where tier_value is not null
    group by tier_group, tier_value

),

ordered as (
    {{ customer_health.smaller_counts('value_counts', ['tier_group'], 'tier_value') | indent(4) }}
),

tiers as (

    select
        {{ per }} as tier_group,
        position as tier_position,
        tier,
        above_quantile is not null as is_exclusive,
        cast(coalesce(above_quantile, at_least_quantile) as {{ double }}) as quantile
    from {{ tiers }}

),

-- The place of each quantile in the ordered values (from 0), interpolated between its two neighbours.
cut_offs as (

    select
        tiers.tier_group,
        tiers.tier_position,
        tiers.tier,
        tiers.is_exclusive,
        min(ordered.tier_value)
        + (max(ordered.tier_value) - min(ordered.tier_value))
        * (
            max(ordered.total_count - 1) * tiers.quantile
            - floor(max(ordered.total_count - 1) * tiers.quantile)
        ) as cut_off
    from tiers
    inner join ordered
        on tiers.tier_group = ordered.tier_group
        and ordered.smaller_count <= ceil((ordered.total_count - 1) * tiers.quantile)
        and ordered.smaller_count + ordered.value_count > floor((ordered.total_count - 1) * tiers.quantile)
    where tiers.quantile is not null
    group by tiers.tier_group, tiers.tier_position, tiers.tier, tiers.is_exclusive, tiers.quantile

),

reached as (

    select
        valued.row_key,
        valued.tier_group,
        valued.observed_tier,
        valued.tier_value,
        min(cut_offs.tier_position) as reached_position
    from valued
    left join cut_offs
        on valued.tier_group = cut_offs.tier_group
        and (
            valued.tier_value > cut_offs.cut_off
            or (not cut_offs.is_exclusive and valued.tier_value = cut_offs.cut_off)
        )
    group by valued.row_key, valued.tier_group, valued.observed_tier, valued.tier_value

),

last_tiers as (

    select
        tier_group,
        max(tier_position) as last_tier_position
    from tiers
    group by tier_group

)

select
    reached.tier_group,
    reached.row_key,
    reached.tier_value as observed_value,
    reached.observed_tier,
    case when reached.tier_value is null then 'Unscored' else tiers.tier end as expected_tier
from reached
inner join last_tiers
    on reached.tier_group = last_tiers.tier_group
inner join tiers
    on reached.tier_group = tiers.tier_group
    and tiers.tier_position = coalesce(reached.reached_position, last_tiers.last_tier_position)
where reached.observed_tier <> case when reached.tier_value is null then 'Unscored' else tiers.tier end

{% endtest %}
