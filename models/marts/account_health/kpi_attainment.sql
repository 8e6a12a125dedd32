-- Grain: one KPI of the catalogue. Shares are over the accounts whose value is measured.
-- KPIs that the account view cannot answer stay as rows with status 'no data'.
{{ config(enabled=customer_health.subject_is_built('account_health')) }}

{%- set double = customer_health.type_double() %}
{%- set expressions = {
    'total_activities_30d': 'total_activities_30d',
    'days_since_last_activity': 'days_since_last_activity',
    'contact_email_coverage': 'contact_email_coverage',
    'pipeline_to_won': customer_health.safe_divide('current_pipeline_amount', 'total_won_amount'),
    'win_rate_percentage': 'win_rate_percentage',
} %}

with accounts_scored as (

    select * from {{ ref('int_accounts_scored') }}

),

kpis as (

    select * from {{ ref('kpis') }}

),

win_rate_medians as (

    select
        industry,
        {{ customer_health.exact_median('cast(win_rate_percentage as ' ~ double ~ ')') }} as median
    from accounts_scored
    group by industry

),

counted as (

    {%- for metric, expression in expressions.items() %}
    {%- set threshold = 'case when kpis.threshold_kind = \'industry_median\' then win_rate_medians.median'
        ~ ' else cast(kpis.threshold as ' ~ double ~ ') end' if metric == 'win_rate_percentage'
        else 'cast(kpis.threshold as ' ~ double ~ ')' %}
    select
        kpis.kpi_id,
        count({{ expression }}) as measured_count,
        count(
            case
                when kpis.comparison = '>=' and {{ expression }} >= {{ threshold }} then 1
                when kpis.comparison = '<=' and {{ expression }} <= {{ threshold }} then 1
            end
        ) as attained_count
    from accounts_scored
    inner join kpis
        on kpis.metric = '{{ metric }}'
    {%- if metric == 'win_rate_percentage' %}
    inner join win_rate_medians
        on accounts_scored.industry = win_rate_medians.industry
    {%- endif %}
    group by kpis.kpi_id
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select
    kpis.kpi_id,
    kpis.kpi,
    kpis.metric,
    kpis.comparison,
    kpis.threshold,
    kpis.threshold_kind,
    kpis.unit,
    coalesce(counted.measured_count, 0) as measured_count,
    case when kpis.threshold_kind <> 'no_source' then coalesce(counted.attained_count, 0) end as attained_count,
    {{ customer_health.to_decimal(
        customer_health.safe_divide('counted.attained_count', 'counted.measured_count'), 9
    ) }} as attainment_rate,
    case when coalesce(counted.measured_count, 0) > 0 then 'measured' else 'no data' end as status
from kpis
left join counted
    on kpis.kpi_id = counted.kpi_id
