-- Grain: one as-of date, scaled metric, peer group ('' without one) and distinct value.
-- Built only when a scored policy scales a metric by percentile.
{{ config(
    enabled=customer_health.subject_is_built('account_health') and customer_health.metrics_by_percentile() | length > 0,
    materialized='table'
) }}

with account_metrics as (

    select * from {{ ref('int_account_metrics') }}

),

value_counts as (

    {%- for metric in customer_health.metrics_by_percentile() %}
    select
        as_of_date,
        '{{ metric.scaled_column }}' as scaled_column,
        {{ metric.peer_group or "''" }} as peer_group,
        {{ customer_health.metric_value(metric) }} as metric_value,
        count(*) as value_count
    from account_metrics
    where {{ metric.source_column }} is not null
    group by 1, 2, 3, 4
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

-- Over distinct values, not over accounts: the fewer rows, the cheaper the window.
counted as (

    select
        as_of_date,
        scaled_column,
        peer_group,
        metric_value,
        sum(value_count) over (
            partition by as_of_date, scaled_column, peer_group
            order by metric_value
            rows between unbounded preceding and current row
        ) - value_count as smaller_count,
        sum(value_count) over (partition by as_of_date, scaled_column, peer_group) as measured_count,
        count(*) over (partition by as_of_date, scaled_column, peer_group) as distinct_count
    from value_counts

)

select
    as_of_date,
    scaled_column,
    peer_group,
    metric_value,
    -- NULL when all values are equal: the policy then says what a constant scales to.
    case
        when distinct_count > 1
            then {{ customer_health.safe_divide('smaller_count', 'measured_count - 1') }}
    end as percent_rank
from counted
