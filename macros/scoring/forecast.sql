{#
    One part of the six-month forecast, as a double: amount, as a run rate per 30 days of account age
    over the horizon when `per_account_age`, x win rate when `times_win_rate`, x share,
    x (base + slope x health / 100).
    NULL when an input or the score is NULL. An account without a known age has no run rate: its part
    is 0, and is_run_rate_unknown says so.
#}
{% macro forecast_part(policy, part_name, health_score) %}
    {%- set part = policy.forecast.parts[part_name] -%}
    {%- set health_share = 'cast(' ~ health_score ~ ' as ' ~ customer_health.type_double() ~ ') / 100' -%}
    {%- if part.get('per_account_age') -%}
    coalesce(
        {{ part.amount }} / (nullif(account_age_days, 0) / {{ customer_health.double(30) }}),
        0 * {{ part.amount }}
    ) * {{ policy.forecast.horizon_months }}
    {%- else -%}
    {{ part.amount }}
    {%- endif %}
    {%- if part.get('times_win_rate') %}
        * win_rate_percentage / 100
    {%- endif %}
    {%- if part.share != 1 %}
        * {{ customer_health.double(part.share) }}
    {%- endif %}
        * ({{ customer_health.double(part.base) }} + {{ customer_health.double(part.slope) }} * ({{ health_share }}))
{%- endmacro %}

{# True when the policy's forecast has a run-rate part and the account's age is unknown or 0. #}
{% macro is_run_rate_unknown(policy) %}
    {%- if policy.forecast.parts.values() | selectattr('per_account_age', 'defined')
        | selectattr('per_account_age') | list -%}
        coalesce(account_age_days, 0) = 0
    {%- else -%}
        false
    {%- endif -%}
{% endmacro %}

{# The parts of the policy's forecast, in the order in which they are summed. #}
{% macro forecast_parts(policy) %}
    {%- set parts = [] -%}
    {%- for part in ['run_rate_revenue', 'pipeline_revenue', 'upsell_revenue'] if part in policy.forecast.parts -%}
        {%- do parts.append(part) -%}
    {%- endfor -%}
    {{- return(parts) -}}
{% endmacro %}

{#
    The published columns of a forecast: its three parts (0 where the policy has no such part, NULL
    where an input is NULL) and their sum predicted_6m_revenue, NULL when any part is. Each part is the
    difference of two cumulative sums that are rounded once, so that the sum is rounded once as well.
    No CASE here or above: DuckDB may compute the whole score anew in each of its branches.
#}
{% macro published_forecast(policy) %}
    {%- set parts = customer_health.forecast_parts(policy) -%}
    {%- set prefix = policy.name ~ '__' -%}
    {%- set sum = namespace(known=[]) -%}
    {%- for part in ['run_rate_revenue', 'pipeline_revenue', 'upsell_revenue'] %}
    {%- if part in parts %}
    {%- set unrounded = prefix ~ part ~ '_unrounded' %}
    cast(
        {{ customer_health.to_decimal((sum.known + [unrounded]) | join(' + ')) }}
        {%- if sum.known %}
        - {{ customer_health.to_decimal(sum.known | join(' + ')) }}
        {%- endif %}
        as decimal(28, 6)
    ) as {{ prefix }}{{ part }},
    {%- set sum.known = sum.known + ['coalesce(' ~ unrounded ~ ', 0)'] %}
    {%- else %}
    cast(0 as decimal(28, 6)) as {{ prefix }}{{ part }},
    {%- endif %}
    {%- endfor %}
    {{ customer_health.to_decimal(
        prefix ~ parts | join('_unrounded + ' ~ prefix) ~ '_unrounded'
    ) }} as {{ prefix }}predicted_6m_revenue
{%- endmacro %}
