-- Grain: one play against one scenario; `all` for every scenario, and for every play.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('learning')) }}

{%- set horizon_days = customer_health.learning_settings().horizon_days %}
{%- set min_group = customer_health.validation_settings().min_group %}
{%- set text = customer_health.type_text() %}
{%- set double = customer_health.type_double() %}

with interventions as (

    select * from {{ ref('stg_learning__account_interventions') }}

),

outcomes as (

    select
        account_id,
        outcome_date,
        outcome
    from {{ ref('stg_outcomes__account_outcomes') }}

),

outcome_counts as (

    select count(*) as outcome_count
    from outcomes

),

scoped as (

    select
        interventions.*,
        interventions.play as play_scope,
        interventions.scenario as scenario_scope
    from interventions

    union all

    select
        interventions.*,
        interventions.play as play_scope,
        cast('all' as {{ text }}) as scenario_scope
    from interventions

    union all

    select
        interventions.*,
        cast('all' as {{ text }}) as play_scope,
        cast('all' as {{ text }}) as scenario_scope
    from interventions

),

-- Each account counts once, with its first play. Who was in both groups can tell nothing about either.
placed as (

    select
        play_scope,
        scenario_scope,
        account_id,
        started_on,
        outcome,
        is_hold_out,
        max(case when is_hold_out then 1 else 0 end) over (partition by play_scope, scenario_scope, account_id)
        > min(case when is_hold_out then 1 else 0 end) over (partition by play_scope, scenario_scope, account_id)
            as is_in_both,
        row_number() over (
            partition by play_scope, scenario_scope, account_id
            order by
                started_on,
                {{ customer_health.byte_order('outcome') }} nulls last,
                {{ customer_health.byte_order('play') }},
                {{ customer_health.byte_order('scenario') }}
        ) as place
    from scoped

),

firsts as (

    select * from placed
    where place = 1

),

churns as (

    select
        firsts.play_scope,
        firsts.scenario_scope,
        firsts.account_id
    from firsts
    inner join outcomes
        on firsts.account_id = outcomes.account_id
    where outcomes.outcome = 'churned'
        and outcomes.outcome_date > firsts.started_on
        and outcomes.outcome_date <= {{ customer_health.add_days('firsts.started_on', horizon_days) }}
    group by firsts.play_scope, firsts.scenario_scope, firsts.account_id

),

-- A play is judged after the whole horizon, so that both groups had the same time.
judged as (

    select
        firsts.play_scope,
        firsts.scenario_scope,
        firsts.is_hold_out,
        firsts.is_in_both,
        case
            when {{ customer_health.days_between('firsts.started_on', customer_health.as_of_date()) }}
                < {{ horizon_days }} then 'too recent'
            when churns.account_id is not null then 'lost'
            when firsts.outcome is not null then firsts.outcome
            when outcome_counts.outcome_count > 0 then 'saved'
            else 'unknown'
        end as result
    from firsts
    cross join outcome_counts
    left join churns
        on firsts.play_scope = churns.play_scope
        and firsts.scenario_scope = churns.scenario_scope
        and firsts.account_id = churns.account_id
    {{ customer_health.computed_once() }}

),

counted as (

    select
        play_scope as play,
        scenario_scope as scenario,
        count(case when is_in_both then 1 end) as both_groups_count,
        {%- for group, condition in {'treated': 'not is_hold_out', 'hold_out': 'is_hold_out'}.items() %}
        {%- set condition = condition ~ ' and not is_in_both' %}
        count(case when {{ condition }} then 1 end) as {{ group }}_count,
        count(case when {{ condition }} and result in ('saved', 'lost') then 1 end) as {{ group }}_judged_count,
        count(case when {{ condition }} and result = 'saved' then 1 end) as {{ group }}_saved_count
        {{- ',' if not loop.last }}
        {%- endfor %}
    from judged
    group by play_scope, scenario_scope

),

measured as (

    select
        counted.*,
        case
            when hold_out_count = 0 then 'no control group'
            when treated_judged_count = 0 or hold_out_judged_count = 0 then 'too recent'
            when treated_judged_count < {{ min_group }} or hold_out_judged_count < {{ min_group }} then 'small groups'
            else 'measured'
        end as status
        {%- for group in ['treated', 'hold_out'] %},
        {{ customer_health.safe_divide(group ~ '_saved_count', group ~ '_judged_count') }} as {{ group }}_share,
        {{ customer_health.wilson_bound(group ~ '_saved_count', group ~ '_judged_count', -1) }} as {{ group }}_lower,
        {{ customer_health.wilson_bound(group ~ '_saved_count', group ~ '_judged_count', 1) }} as {{ group }}_upper
        {%- endfor %}
    from counted
    {{ customer_health.computed_once() }}

),

-- Interval of the difference from those of the two shares (R. G. Newcombe, Statistics in Medicine 17, 1998).
compared as (

    select
        measured.*,
        case
            when status = 'measured' then treated_share - hold_out_share
        end as difference,
        case
            when status = 'measured'
                then treated_share - hold_out_share - sqrt(
                    (treated_share - treated_lower) * (treated_share - treated_lower)
                    + (hold_out_upper - hold_out_share) * (hold_out_upper - hold_out_share)
                )
        end as difference_lower,
        case
            when status = 'measured'
                then treated_share - hold_out_share + sqrt(
                    (treated_upper - treated_share) * (treated_upper - treated_share)
                    + (hold_out_share - hold_out_lower) * (hold_out_share - hold_out_lower)
                )
        end as difference_upper
    from measured
    {{ customer_health.computed_once() }}

)

select
    play,
    scenario,
    status,
    {%- for group in ['treated', 'hold_out'] %}
    {{ group }}_count,
    {{ group }}_judged_count,
    {{ group }}_saved_count,
    {{ customer_health.to_decimal(group ~ '_share', 9) }} as {{ group }}_saved_share,
    {{ customer_health.to_decimal(group ~ '_lower', 9) }} as {{ group }}_saved_share_lower,
    {{ customer_health.to_decimal(group ~ '_upper', 9) }} as {{ group }}_saved_share_upper,
    {%- endfor %}
    both_groups_count,
    {{ customer_health.to_decimal('difference', 9) }} as difference,
    {{ customer_health.to_decimal('difference_lower', 9) }} as difference_lower,
    {{ customer_health.to_decimal('difference_upper', 9) }} as difference_upper,
    case
        when difference_lower > 0 then 'better'
        when difference_upper < 0 then 'worse'
        when difference is not null then 'not shown'
    end as effect
from compared
