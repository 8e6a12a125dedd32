{# The setting customer_health_validation, checked. #}
{% macro validation_settings() %}
    {%- set where = 'setting customer_health_validation' -%}
    {%- set block = var('customer_health_validation') -%}
    {%- do customer_health.check_keys(
        where, block, ['top_share', 'calibration_parts', 'risk_look_back_days', 'min_group'], []
    ) -%}
    {%- do customer_health.check_number(where ~ ', key top_share', block.top_share, 0.000001, 1) -%}
    {%- do customer_health.check_whole_number(where ~ ', key calibration_parts', block.calibration_parts, 2, 100) -%}
    {%- do customer_health.check_whole_number(where ~ ', key risk_look_back_days', block.risk_look_back_days, 1, 3650) -%}
    {%- do customer_health.check_whole_number(where ~ ', key min_group', block.min_group, 1, 1000000) -%}
    {{- return(block) -}}
{% endmacro %}

{#
    Columns about the first `share` of the accounts of a date, the riskiest first, for one value of a score:
    <name>_millionths, of the churned that are among them. Where the limit lies within equal values, each of
    them counts with the same part. Reads label_count, churned_count, larger_count and total_count.
#}
{% macro captured(name, share) %}
    {%- set share_millionths = customer_health.in_millionths(share) -%}
    {%- set room = '(cast(' ~ share_millionths ~ ' as bigint) * total_count - 1000000 * larger_count)' -%}
    {%- set part = customer_health.safe_divide(room, '1000000 * label_count') -%}
        case
            when {{ room }} <= 0 then {{ customer_health.double(0) }}
            when {{ room }} >= 1000000 * label_count then {{ customer_health.double(1) }}
            else {{ part }}
        end as {{ name }}
{%- endmacro %}

