-- Grain: one customer of the health, churn or expansion records.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set due_days = customer_health.review_due_days() %}
{%- set scores = ['overall', 'usage', 'engagement', 'support', 'relationship'] %}
{%- set signals = [
    'usage_decline', 'engagement_drop', 'support_issues', 'relationship_signals', 'commercial_factors',
] %}
{%- set targets = [
    'login_frequency', 'feature_adoption', 'dau_mau_ratio', 'meeting_attendance', 'nps_score', 'csat_score',
    'executive_sponsor_engagement', 'multi_threading_depth',
] %}
{%- set maxima = ['support_ticket_volume', 'open_tickets', 'escalation_rate', 'avg_resolution_hours'] %}

with health as (

    select * from {{ ref('customer_success_health') }}

),

risk as (

    select * from {{ ref('customer_success_churn_risk') }}

),

expansion as (

    select * from {{ ref('customer_success_expansion') }}

),

benchmarks as (

    select * from {{ ref('customer_success_health_benchmarks') }}

),

customers as (

    select customer_id from health
    union
    select customer_id from risk
    union
    select customer_id from expansion

),

-- Peers are held to the same benchmarks, also where the segment of the customer has none of its own.
peer_scores as (

    select
        benchmark_segment,
        count(overall_score) as scored_count
        {%- for score in scores %},
        count({{ score }}_score) as {{ score }}_count,
        cast(sum({{ score }}_score) as decimal(38, 6)) as {{ score }}_sum,
        percentile_cont(0.5) within group (order by {{ customer_health.double(score ~ '_score') }})
            as {{ score }}_median
        {%- endfor %}
    from health
    group by benchmark_segment
    {{ customer_health.computed_once() }}

),

warnings as (

    select
        customer_id,
        count(*) as warning_count,
        count(case when severity = 'critical' then 1 end) as critical_warning_count
        {%- for place in range(1, 4) %},
        max(case when position = {{ place }} then source end) as top_risk_{{ place }},
        max(case when position = {{ place }} then severity end) as top_risk_{{ place }}_severity,
        max(case when position = {{ place }} then value end) as top_risk_{{ place }}_value
        {%- endfor %}
    from {{ ref('customer_success_warnings') }}
    group by customer_id

),

recommendations as (

    select
        customer_id,
        count(*) as recommendation_count
        {%- for place in range(1, 4) %},
        max(case when position = {{ place }} then recommendation end) as action_item_{{ place }}
        {%- endfor %}
    from {{ ref('customer_success_recommendations') }}
    group by customer_id

),

opportunities as (

    select
        customer_id
        {%- for place in range(1, 4) %},
        max(case when rank = {{ place }} then category end) as top_opportunity_{{ place }},
        max(case when rank = {{ place }} then target end) as top_opportunity_{{ place }}_target,
        cast(max(case when rank = {{ place }} then estimated_revenue end) as decimal(28, 6))
            as top_opportunity_{{ place }}_revenue
        {%- endfor %}
    from {{ ref('customer_success_opportunities') }}
    group by customer_id

)

select
    customers.customer_id,
    {{ customer_health.as_of_date() }} as as_of_date,
    -- Unknown stands for a name that a record lacks, which another record may have.
    coalesce(
        nullif(health.name, 'Unknown'), nullif(risk.name, 'Unknown'), nullif(expansion.name, 'Unknown'),
        health.name, risk.name, expansion.name
    ) as name,
    coalesce(health.segment, expansion.segment, lower(risk.segment)) as segment,
    coalesce(health.arr, risk.arr, expansion.arr) as arr,
    risk.contract_end_date,
    risk.days_to_renewal,
    risk.is_expired
    {%- for score in scores %},
    health.{{ score }}_score,
    {% if score == 'overall' -%}
    coalesce(health.classification, 'unscored') as classification,
    {%- else -%}
    coalesce(health.{{ score }}_classification, 'unscored') as {{ score }}_classification,
    {%- endif %}
    coalesce(health.{{ score }}_trend, 'no_data') as {{ score }}_trend,
    health.previous_{{ score }}_score
    {%- endfor %},
    health.signal_coverage,
    health.coverage_aware_score,
    coalesce(health.coverage_aware_classification, 'unscored') as coverage_aware_classification,
    coalesce(health.priority, 'unscored') as priority,
    health.benchmark_segment,
    peer_scores.scored_count as peer_count
    {%- for score in scores %},
    {{ customer_health.exact_mean('peer_scores.' ~ score ~ '_sum', 'peer_scores.' ~ score ~ '_count') }}
        as peer_mean_{{ score }}_score,
    {{ customer_health.to_decimal('peer_scores.' ~ score ~ '_median') }} as peer_median_{{ score }}_score
    {%- endfor %}
    {%- for metric in targets %},
    health.{{ metric }},
    cast(benchmarks.{{ metric }}_target as decimal(28, 6)) as {{ metric }}_target
    {%- endfor %}
    {%- for metric in maxima %},
    health.{{ metric }},
    cast(benchmarks.{{ metric }}_max as decimal(28, 6)) as {{ metric }}_max
    {%- endfor %},
    health.renewal_sentiment,
    risk.risk_score,
    coalesce(risk.risk_tier, 'unscored') as risk_tier,
    risk.urgency_multiplier
    {%- for signal in signals %},
    risk.{{ signal }}_score
    {%- endfor %},
    coalesce(warnings.warning_count, 0) as warning_count,
    coalesce(warnings.critical_warning_count, 0) as critical_warning_count
    {%- for place in range(1, 4) %},
    warnings.top_risk_{{ place }},
    warnings.top_risk_{{ place }}_severity,
    warnings.top_risk_{{ place }}_value
    {%- endfor %},
    expansion.current_tier,
    expansion.licensed_seats,
    expansion.active_seats,
    expansion.seat_utilisation,
    expansion.total_modules,
    expansion.adopted_modules,
    expansion.adoption_rate,
    expansion.avg_usage_pct,
    expansion.departments_covered,
    expansion.departments_potential,
    coalesce(expansion.opportunity_count, 0) as opportunity_count,
    expansion.total_estimated_revenue,
    expansion.realistic_revenue,
    expansion.on_hold as is_expansion_on_hold
    {%- for place in range(1, 4) %},
    opportunities.top_opportunity_{{ place }},
    opportunities.top_opportunity_{{ place }}_target,
    opportunities.top_opportunity_{{ place }}_revenue
    {%- endfor %},
    coalesce(recommendations.recommendation_count, 0) as recommendation_count
    {%- for place in range(1, 4) %},
    recommendations.action_item_{{ place }}
    {%- endfor %},
    case
        when recommendations.action_item_1 is not null
            then
                case health.priority
                    {%- for priority, days in due_days.items() %}
                    when '{{ priority }}'
                        then cast({{ customer_health.as_of_date() }} + interval '{{ days }}' day as date)
                    {%- endfor %}
                end
    end as action_items_due_date
from customers
left join health
    on customers.customer_id = health.customer_id
left join risk
    on customers.customer_id = risk.customer_id
left join expansion
    on customers.customer_id = expansion.customer_id
left join benchmarks
    on health.benchmark_segment = benchmarks.segment
left join peer_scores
    on health.benchmark_segment = peer_scores.benchmark_segment
left join warnings
    on customers.customer_id = warnings.customer_id
left join recommendations
    on customers.customer_id = recommendations.customer_id
left join opportunities
    on customers.customer_id = opportunities.customer_id
