{#
    Low-health accounts per policy and group: counts, share with its Wilson interval, risk level and
    rank. `columns` are the columns of int_policy_cells that make the groups.
    Groups that do not exist are absent; a group without a scored account has no rate and level Unscored.
#}
{% macro risk_table(columns) %}
    {%- set levels = customer_health.risk_levels() %}

with policy_cells as (

    select * from {{ ref('int_policy_cells') }}

),

counted as (

    select
        policy,
        {{ columns | join(',\n        ') }},
        cast(sum(account_count) as bigint) as account_count,
        cast(sum(scored_count) as bigint) as scored_count,
        cast(sum(case when is_low_health then account_count else 0 end) as bigint) as low_health_count,
        sum(case when is_low_health then forecast_sum end) as low_health_forecast
    from policy_cells
    group by policy, {{ columns | join(', ') }}

),

rated as (

    select
        *,
        {{ customer_health.to_decimal(customer_health.safe_divide('low_health_count', 'scored_count'), 9) }}
            as low_health_rate
    from counted

),

levelled as (

    select
        *,
        {{ customer_health.ladder('low_health_rate', levels, 'risk_level') }} as risk_level
    from rated

)

select
    policy,
    {{ columns | join(',\n    ') }},
    account_count,
    scored_count,
    low_health_count,
    low_health_rate,
    {{ customer_health.to_decimal(customer_health.wilson_bound('low_health_count', 'scored_count', -1), 9) }}
        as low_health_rate_lower,
    {{ customer_health.to_decimal(customer_health.wilson_bound('low_health_count', 'scored_count', 1), 9) }}
        as low_health_rate_upper,
    {{ customer_health.known_total('low_health_forecast', 'low_health_count') }} as low_health_predicted_revenue,
    scored_count < {{ customer_health.small_sample() }} as is_small_sample,
    risk_level,
    cast(row_number() over (
        partition by policy
        order by
            case risk_level
                {%- for level in levels %}
                when '{{ level.risk_level }}' then {{ loop.index }}
                {%- endfor %}
                else {{ levels | length + 1 }}
            end,
            low_health_count desc,
            {%- for column in columns %}
            {{ customer_health.byte_order(column) }}{{ ',' if not loop.last }}
            {%- endfor %}
    ) as bigint) as priority_rank
from levelled
{% endmacro %}
