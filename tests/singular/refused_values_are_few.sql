-- Of a column that a policy scores, no more values are refused than the setting allows.
-- noqa: disable=LT02
{{ config(
    enabled=customer_health.subject_is_built('account_health') or customer_health.subject_is_built('conversion'),
    group='customer_health'
) }}

{%- set limits = customer_health.refused_value_limits() %}
{%- set likely_formats = {
    '[0-9][./-][0-9]{1,2}[./-][0-9]{4}': 'date_order: dmy or mdy',
    '[0-9]{4}[./][0-9]{1,2}[./][0-9]': 'date_order: ymd',
    '[%$€£¥].*[0-9],[0-9]{3}|[0-9],[0-9]{3}.*[%$€£¥]': 'thousands_sign: "," and units',
    '[%$€£¥].*[0-9],[0-9]|[0-9],[0-9].*[%$€£¥]': 'decimal_sign: "," and units',
    '[%$€£¥]': 'units',
    '[0-9][.][0-9]{3}(,|[.][0-9]{3})': 'decimal_sign: "," and thousands_sign: "."',
    '[0-9],[0-9]{3}': 'thousands_sign: ","',
    '[0-9],[0-9]': 'decimal_sign: ","',
} %}

with without_rate as (

    select
        source,
        column_name,
        count(*) as value_count
    from {{ ref('value_findings') }}
    where reason_code = 'no_exchange_rate'
    group by source, column_name

)

select
    findings.source,
    findings.column_name,
    findings.value_count,
    findings.refused_count,
    findings.example,
    case
        when 2 * without_rate.value_count > findings.refused_count
            then 'give the missing rates in the table exchange_rates'
        else 'say in customer_health_formats how the column is written'
            || coalesce(case
                {%- for pattern, keys in likely_formats.items() %}
                when {{ customer_health.text_matches('findings.example', pattern) }} then ' ({{ keys }})'
                {%- endfor %}
            end, '') || ', mend it in the export,'
    end || ' or raise stop_above ({{ limits.stop_above }}) in customer_health_refused_values' as advice
from {{ ref('column_findings') }} as findings
left join without_rate
    on findings.source = without_rate.source
    and findings.column_name = without_rate.column_name
where findings.is_scored
    and findings.refused_share > {{ limits.stop_above }}
