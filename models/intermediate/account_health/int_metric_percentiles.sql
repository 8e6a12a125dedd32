-- Grain: one as-of date, scaled metric, peer group ('' without one) and distinct value.
-- Built only when a scored policy scales a metric by percentile.
{{ config(
    enabled=customer_health.subject_is_built('account_health') and customer_health.needs_of_policies().by_percentile,
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

counted as (
    {{ customer_health.smaller_counts(
        'value_counts', ['as_of_date', 'scaled_column', 'peer_group'], 'metric_value'
    ) | indent(4) }}
)

select
    as_of_date,
    scaled_column,
    peer_group,
    metric_value,
    -- NULL when all values are equal: the policy then says what a constant scales to.
    case
        when distinct_count > 1
            then {{ customer_health.safe_divide('smaller_count', 'total_count - 1') }}
    end as percent_rank
from counted
