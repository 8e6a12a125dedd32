{#
    One part of the six-month forecast, as a double: amount, as a run rate per 30 days of account age
    over the horizon when `per_account_age`, x win rate when `times_win_rate`, x share,
    x (base + slope x health / 100).
    NULL when an input or the score is NULL. An account without a known age has no run rate: its part
    is 0, and is_run_rate_unknown says so.
#}
{% macro forecast_part(policy, part_name, health_score) %}
    {%- set part = policy.forecast.parts[part_name] -%}
    {%- set product = customer_health.forecast_product(policy, part, health_score) -%}
    {%- if part.get('per_account_age') -%}
    case
        when account_age_days > 0 then {{ product }}
        when {{ health_score }} is not null and {{ part.amount }} is not null
            {{- ' and win_rate_percentage is not null' if part.get('times_win_rate') }} then {{ customer_health.double(0) }}
    end
    {%- else -%}
    {{ product }}
    {%- endif -%}
{% endmacro %}

{% macro forecast_product(policy, part, health_score) %}
    {%- set health_share = 'cast(' ~ health_score ~ ' as ' ~ customer_health.type_double() ~ ') / 100' -%}
    {{ part.amount }}
    {%- if part.get('per_account_age') %}
        / (account_age_days / {{ customer_health.double(30) }}) * {{ policy.forecast.horizon_months }}
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
    where an input is NULL) and their sum predicted_6m_revenue, NULL when any part is.
#}
{% macro published_forecast(policy) %}
    {%- set parts = customer_health.forecast_parts(policy) -%}
    {%- set prefix = policy.name ~ '__' -%}
    {%- for part in ['run_rate_revenue', 'pipeline_revenue', 'upsell_revenue'] %}
    {%- if part in parts %}
    {%- set position = parts.index(part) %}
    case
        when {{ prefix }}{{ part }}_unrounded is not null
            then cast({{ prefix }}{{ part }}_accumulated
                {{- ' - ' ~ prefix ~ parts[position - 1] ~ '_accumulated' if position > 0 }} as decimal(28, 6))
    end as {{ prefix }}{{ part }},
    {%- else %}
    cast(0 as decimal(28, 6)) as {{ prefix }}{{ part }},
    {%- endif %}
    {%- endfor %}
    case
        when {% for part in parts %}{{ prefix }}{{ part }}_unrounded is not null{{ ' and ' if not loop.last }}{% endfor %}
            then {{ prefix }}{{ parts[-1] }}_accumulated
    end as {{ prefix }}predicted_6m_revenue
{%- endmacro %}
