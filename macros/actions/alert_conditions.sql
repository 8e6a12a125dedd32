{# The SQL of alert rules. A comparison is true, false, or NULL where the measure is unknown. #}

{# A condition as it was written. #}
{% macro alert_condition_is_met(condition) %}
    {%- if condition.comparison == 'is' -%}
        {{- return(
            "nullif(nullif(" ~ condition.measure ~ ", 'Unscored'), 'Unknown') = "
            ~ customer_health.text_literal(condition.threshold)
        ) -}}
    {%- endif -%}
    {%- set signs = {'above': '>', 'below': '<', 'at_least': '>=', 'at_most': '<='} -%}
    {{- return(
        condition.measure ~ ' ' ~ signs[condition.comparison] ~ ' ' ~ customer_health.sql_decimal(condition.threshold)
    ) -}}
{% endmacro %}

{# Whether the measure has not yet reached the point at which the alert closes. #}
{% macro alert_condition_holds(condition) %}
    {{- return(
        condition.measure ~ (' > ' if condition.comparison in ['above', 'at_least'] else ' < ')
        ~ customer_health.sql_decimal(condition.closes)
    ) -}}
{% endmacro %}

{# A number of a setting as a decimal literal. #}
{% macro sql_decimal(number) %}
    {{- return('cast(' ~ '%.6f' % number ~ ' as decimal(28, 6))') -}}
{% endmacro %}

{# All conditions in one, joined by `and` or `or`; without any it is true. #}
{% macro alert_conditions(conditions, joined_by, holds=false) %}
    {%- set parts = [] -%}
    {%- for condition in conditions -%}
        {%- do parts.append(
            customer_health.alert_condition_holds(condition) if holds else customer_health.alert_condition_is_met(condition)
        ) -%}
    {%- endfor -%}
    {{- return('(' ~ parts | join(' ' ~ joined_by ~ ' ') ~ ')' if parts else '(1 = 1)') -}}
{% endmacro %}

{# A decimal as text: whole numbers without a decimal point, others with two decimals. #}
{% macro alert_value_text(value) %}
    {%- set text = customer_health.type_text() -%}
    {{- return(
        'case when cast(cast(' ~ value ~ ' as decimal(22, 0)) as decimal(28, 6)) = ' ~ value ~ ' then cast(cast(' ~ value
        ~ ' as decimal(22, 0)) as ' ~ text ~ ') else cast(cast(' ~ value ~ ' as decimal(28, 2)) as ' ~ text ~ ') end'
    ) -}}
{% endmacro %}

{#
    The observations of one rule, as a whole SELECT over a table of measures: one row per date and entity
    that the rule can judge. `key` is the column of the entity.
#}
{% macro alert_observations(rule, measures, key) %}
    {%- set fires = customer_health.alert_conditions(rule.any_of, 'or') -%}
    {%- set holds = customer_health.alert_conditions(rule.any_of, 'or', holds=true) -%}
    {%- set population = customer_health.alert_conditions(rule.where, 'and') -%}
select
    as_of_date,
    entity_type,
    entity_id,
    rule_id,
    severity,
    status,
    observed_value,
    case when status <> 'clear' then substr(signals, 3) end as driving_signals
from (
    select
        as_of_date,
        cast('{{ rule.entity }}' as {{ customer_health.type_text() }}) as entity_type,
        {{ key }} as entity_id,
        cast('{{ rule.rule }}' as {{ customer_health.type_text() }}) as rule_id,
        cast('{{ rule.severity }}' as {{ customer_health.type_text() }}) as severity,
        case
            when not {{ population }} then 'clear'
            when {{ population }} is null then null
            when {{ fires }} and {{ customer_health.alert_conditions(rule.opens_when, 'and') }} then 'fires'
            when {{ fires }} or {{ holds }} then 'holds'
            when ({{ fires }} or {{ holds }}) is null then null
            else 'clear'
        end as status,
        case
            {%- for condition in rule.any_of %}
            when {{ customer_health.alert_condition_is_met(condition) }} then {{ condition.measure }}
            {%- endfor %}
            {%- for condition in rule.any_of %}
            when {{ customer_health.alert_condition_holds(condition) }} then {{ condition.measure }}
            {%- endfor %}
        end as observed_value,
        {% for condition in rule.any_of -%}
        {%- set words = condition.comparison | replace('_', ' ') ~ ' ' ~ condition.threshold -%}
        case
            when {{ customer_health.alert_condition_is_met(condition) }}
                then '; {{ condition.measure }} ' || {{ customer_health.alert_value_text(condition.measure) }} || ' ({{ words }})'
            when {{ customer_health.alert_condition_holds(condition) }}
                then '; {{ condition.measure }} ' || {{ customer_health.alert_value_text(condition.measure) }}
                    || ' ({{ words }}, closes at {{ condition.closes }})'
            else ''
        end{{ ' || ' if not loop.last }}
        {%- endfor %} as signals
    from {{ measures }}
) as judged
where status is not null
{%- endmacro %}

{# The dates that have scores, as a whole SELECT with the column as_of_date. #}
{% macro stored_dates() %}
    {{- return('select as_of_date from ' ~ ref('account_health_slice_log')) -}}
{% endmacro %}

{# The persisted slices of alerts as they were before this run, or none before the first one. #}
{% macro stored_alert_slices() %}
    {%- if not execute -%}{{- return(none) -}}{%- endif -%}
    {%- set node = graph.nodes.get('model.customer_health.alert_slices') -%}
    {%- if node is none -%}{{- return(none) -}}{%- endif -%}
    {{- return(adapter.get_relation(node.database, node.schema, node.alias)) -}}
{% endmacro %}

{# Days since 1970, to order dates by in windows with a range. #}
{% macro day_number(day) %}
    {{- return(customer_health.days_between("cast('1970-01-01' as date)", day)) -}}
{% endmacro %}

{# The columns of alert_slices: name -> type. #}
{% macro alert_slice_columns() %}
    {%- set text = customer_health.type_text() -%}
    {{- return({
        'as_of_date': 'date', 'entity_type': text, 'entity_id': text, 'rule_id': text, 'state': text, 'alert_id': text,
        'severity': text, 'opened_on': 'date', 'last_seen_on': 'date', 'resolved_on': 'date', 'resolution': text,
        'reopened_on': 'date', 'reopened_count': 'bigint', 'opened_value': 'decimal(28, 6)', 'last_value': 'decimal(28, 6)',
        'driving_signals': text, 'previous_as_of_date': 'date', 'has_customers': 'boolean',
    }) -}}
{% endmacro %}
