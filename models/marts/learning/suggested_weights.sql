-- Grain: one metric of the active policy. A report: nothing reads it to score an account.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set policy = customer_health.active_policy() %}
{%- set rows = [] %}
{%- for metric in policy.metrics %}
{%- do rows.append([
    loop.index,
    customer_health.sql_literal(metric.dimension),
    customer_health.sql_literal(metric.metric),
    customer_health.sql_literal(metric.source_column),
    customer_health.sql_literal(metric.direction),
    metric.weight,
]) %}
{%- endfor %}

with metrics as (

    {{ customer_health.rows_as_table({
        'position': 'bigint',
        'dimension': customer_health.type_text(),
        'metric': customer_health.type_text(),
        'signal': customer_health.type_text(),
        'direction': customer_health.type_text(),
        'weight': 'decimal(9, 6)',
    }, rows) | indent(4) }}

),

-- Which way the signal points: the weights of evidence of its upper half of bins against the lower.
ordered as (

    select
        bins.signal,
        bins.woe_e4,
        row_number() over (partition by bins.signal order by bins.bin) as place,
        row_number() over (partition by bins.signal order by bins.bin desc) as place_from_top
    from {{ ref('int_signal_bins') }} as bins
    where bins.scope = 'all'
        and bins.bin > 0

),

directions as (

    select
        signal,
        case
            when max(case when place = 1 then woe_e4 end) > max(case when place_from_top = 1 then woe_e4 end)
                then 'higher'
            when max(case when place = 1 then woe_e4 end) < max(case when place_from_top = 1 then woe_e4 end)
                then 'lower'
        end as observed_direction
    from ordered
    group by signal

),

measured as (

    select
        metrics.*,
        candidates.status as signal_status,
        candidates.information_value,
        directions.observed_direction,
        case
            when candidates.information_value is null or directions.observed_direction is null then null
            when directions.observed_direction = metrics.direction then candidates.information_value
            else 0 * candidates.information_value
        end as information_for
    from metrics
    left join {{ ref('int_scorecard_candidates') }} as candidates
        on metrics.signal = candidates.signal
        and candidates.scope = 'all'
    left join directions
        on metrics.signal = directions.signal
    {{ customer_health.computed_once() }}

),

totals as (

    select
        sum(information_for) as information_sum,
        sum(case when information_for is not null then weight end) as weight_sum
    from measured

),

-- What was not measured keeps its weight; the others share what is left.
suggested as (

    select
        measured.*,
        case
            when totals.information_sum > 0 and measured.information_for is not null
                then {{ customer_health.safe_divide('measured.information_for', 'totals.information_sum') }}
                * cast(totals.weight_sum as {{ customer_health.type_double() }})
        end as suggested_weight
    from measured
    cross join totals
    {{ customer_health.computed_once() }}

)

select
    '{{ policy.name }}' as policy,
    position,
    dimension,
    metric,
    weight,
    {{ customer_health.to_decimal('suggested_weight', 9) }} as suggested_weight,
    cast(information_value as decimal(28, 6)) as information_value,
    direction,
    observed_direction,
    case
        when signal_status is null then 'no signal'
        when signal_status <> 'measured' then signal_status
        when observed_direction is null then 'no direction'
        when observed_direction <> direction then 'against its direction'
        else 'measured'
    end as status
from suggested
