-- Grain: one prescription for one industry and size segment under one policy, with the cell's live figures.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set double = customer_health.type_double() %}
with metric_totals as (

    select * from {{ ref('int_metric_totals') }}

),

rules as (

    select * from {{ ref('segment_prescription_rules') }}

),

risk_matrix as (

    select * from {{ ref('risk_matrix') }}

),

policies as (

    select policy from {{ ref('policies') }}

),

-- The mean of each metric in the cell, over the accounts that have it.
averaged as (

    select
        industry,
        account_size_segment,
        metric as kpi_metric,
        {{ customer_health.exact_mean(
            'cast(sum(total) as decimal(38, 6))', 'cast(sum(account_count) as bigint)'
        ) }} as baseline_mean
    from metric_totals
    group by industry, account_size_segment, metric

),

targeted as (

    select
        policies.policy,
        rules.*,
        averaged.baseline_mean,
        -- A relative target of a baseline of 0 would already be met: it stays unknown.
        case
            when rules.target_kind = 'absolute' then cast(rules.target_value as decimal(28, 6))
            when averaged.baseline_mean = 0 then cast(null as decimal(28, 6))
            else {{ customer_health.to_decimal(
                'cast(averaged.baseline_mean as ' ~ double ~ ') * (1 + case when rules.kpi_direction = \'decrease\''
                ~ ' then -1 else 1 end * cast(rules.target_value as ' ~ double ~ '))'
            ) }}
        end as target_mean
    from rules
    cross join policies
    left join averaged
        on rules.industry = averaged.industry
        and rules.account_size_segment = averaged.account_size_segment
        and rules.kpi_metric = averaged.kpi_metric

)

select
    targeted.policy,
    targeted.industry,
    targeted.account_size_segment,
    targeted.priority,
    targeted.prescription_rank,
    targeted.prescription,
    targeted.owner_role,
    targeted.kpi_metric,
    targeted.kpi_direction,
    targeted.target_kind,
    targeted.target_value,
    targeted.horizon_days,
    targeted.baseline_mean,
    targeted.target_mean,
    coalesce(risk_matrix.account_count, 0) as account_count,
    coalesce(risk_matrix.low_health_count, 0) as low_health_count,
    risk_matrix.low_health_rate,
    risk_matrix.risk_level
from targeted
left join risk_matrix
    on targeted.policy = risk_matrix.policy
    and targeted.industry = risk_matrix.industry
    and targeted.account_size_segment = risk_matrix.account_size_segment
