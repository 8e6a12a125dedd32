{#
    The settings that are not part of a policy. Each is read through its own macro, which stops the run
    with a sentence when the setting contradicts itself; check_settings reads them all at run start.
#}
{% macro check_settings() %}
    {%- do customer_health.check_day_has_come(customer_health.as_of_day()) -%}
    {%- do customer_health.settings_in_effect() -%}
    {#- Who sees what is no part of the method. -#}
    {%- do customer_health.personal_data() -%}
    {%- do customer_health.private_marts() -%}
{% endmacro %}

{# All settings of the method but the day, as they are read: the policies by their versions, then one after the other. #}
{% macro settings_in_effect() %}
    {%- do customer_health.subject_is_built('account_health') -%}
    {%- do customer_health.check_policies() -%}
    {{- return([
        var('customer_health_subjects'),
        var('customer_health_policy'),
        customer_health.policies() | map(attribute='version') | list,
        customer_health.known_labels('industry'),
        customer_health.known_labels('size_segment'),
        customer_health.refused_value_limits(),
        customer_health.source_formats(),
        customer_health.currency_setting(),
        customer_health.risk_levels(),
        customer_health.small_sample(),
        customer_health.special_conversion(),
        customer_health.ltv_source(),
        customer_health.value_level_bounds(),
        customer_health.red_flag(),
        customer_health.index_weights('customer_value_index'),
        customer_health.index_weights('customer_risk_index'),
        customer_health.customer_success_segments(),
        customer_health.customer_success_health(),
        customer_health.churn_settings(),
        customer_health.expansion_settings(),
        customer_health.review_due_days(),
        customer_health.history_settings(),
        customer_health.staleness_limits(),
        customer_health.trajectory_settings(),
        customer_health.segments(),
        customer_health.plan_settings(),
        customer_health.brief_settings(),
        customer_health.alert_settings(),
        customer_health.alert_rules(),
        customer_health.churn_warning_alerts(),
        customer_health.learning_settings(),
        customer_health.validation_settings(),
    ]) -}}
{% endmacro %}

{# First 12 hex digits of a hash over all settings but the day: two builds with one hash have one method. #}
{% macro settings_hash() %}
    {{- return(local_md5(tojson(customer_health.settings_in_effect(), sort_keys=true))[:12]) -}}
{% endmacro %}

{# Whether the subject is listed in the setting customer_health_subjects. #}
{% macro subject_is_built(subject) %}
    {%- set where = 'setting customer_health_subjects' -%}
    {%- set subjects = var('customer_health_subjects') -%}
    {%- if subjects != [] -%}
        {%- do customer_health.check_list(where, subjects) -%}
    {%- endif -%}
    {%- for listed in subjects -%}
        {%- do customer_health.check_choice(where, listed, [
            'account_health', 'conversion', 'customer_success', 'trajectory', 'actions', 'learning'
        ]) -%}
    {%- endfor -%}
    {%- for dependent, needed in {
        'trajectory': 'account_health', 'actions': 'trajectory', 'learning': 'actions'
    }.items()
        if dependent in subjects and needed not in subjects -%}
        {{- customer_health.raise_error(
            where, 'lists ' ~ dependent ~ ' without ' ~ needed, 'add ' ~ needed ~ ', or take ' ~ dependent ~ ' out'
        ) -}}
    {%- endfor -%}
    {{- return(subject in subjects) -}}
{% endmacro %}

{# Whether there is any subject to build: the tables of quality are about all of them. #}
{% macro any_subject_is_built() %}
    {{- return(var('customer_health_subjects') != []) -}}
{% endmacro %}

{# The labels that staging recognises for the rule industry or size_segment. #}
{% macro known_labels(rule) %}
    {%- set name = 'customer_health_industries' if rule == 'industry' else 'customer_health_size_segments' -%}
    {%- set labels = var(name) -%}
    {%- do customer_health.check_list('setting ' ~ name, labels) -%}
    {%- set plain = ['unknown'] -%}
    {%- for label in labels -%}
        {%- if label is not string or label | trim != label or label == '' -%}
            {{- customer_health.raise_error(
                'setting ' ~ name, 'has the label ' ~ label, 'give labels as text without blanks around it'
            ) -}}
        {%- endif -%}
        {%- do plain.append(label.replace('-', ' ').replace('_', ' ') | lower) -%}
    {%- endfor -%}
    {%- do customer_health.check_unique('setting ' ~ name, plain) -%}
    {{- return(labels) -}}
{% endmacro %}

{# The risk levels of the matrix, from high to low. #}
{% macro risk_levels() %}
    {%- set where = 'setting customer_health_risk_levels' -%}
    {%- set levels = var('customer_health_risk_levels') -%}
    {%- do customer_health.check_list(where, levels) -%}
    {%- for rung in levels -%}
        {%- do customer_health.check_keys(where, rung, ['risk_level', 'at_least'], []) -%}
        {%- do customer_health.check_label(where, rung.risk_level) -%}
        {%- do customer_health.check_number(where ~ ', level ' ~ rung.risk_level, rung.at_least, 0, 1) -%}
    {%- endfor -%}
    {%- do customer_health.check_unique(where, levels | map(attribute='risk_level') | list + ['Unscored']) -%}
    {%- do customer_health.check_descending(where, levels | map(attribute='at_least') | list) -%}
    {%- if levels[-1].at_least != 0 -%}
        {{- customer_health.raise_error(
            where, 'leaves a gap below ' ~ levels[-1].at_least, 'let the last level start at 0'
        ) -}}
    {%- endif -%}
    {{- return(levels) -}}
{% endmacro %}

{# Cells with fewer scored accounts are a small sample. #}
{% macro small_sample() %}
    {%- do customer_health.check_number(
        'setting customer_health_small_sample', var('customer_health_small_sample'), 0, 1000000000
    ) -%}
    {{- return(var('customer_health_small_sample')) -}}
{% endmacro %}

{# The setting as_of_date, 'YYYY-MM-DD'; empty means the date on which the run started. #}
{% macro as_of_day() %}
    {{- return(customer_health.checked_day(
        'setting as_of_date', var('as_of_date') or run_started_at.strftime('%Y-%m-%d')
    )) -}}
{% endmacro %}

{# The last day that can be today somewhere, 'YYYY-MM-DD': the clock is that of UTC. #}
{% macro last_day_that_came() %}
    {{- return((run_started_at + modules.datetime.timedelta(days=1)).strftime('%Y-%m-%d')) -}}
{% endmacro %}

{# Stops the run on a day that has not come: stored, it would keep every real day out of the history. #}
{% macro check_day_has_come(day) %}
    {%- do customer_health.check_choice(
        'setting customer_health_future_dates', var('customer_health_future_dates'), ['refuse', 'allow']
    ) -%}
    {%- if day > customer_health.last_day_that_came() and var('customer_health_future_dates') == 'refuse' -%}
        {{- customer_health.raise_error(
            'setting as_of_date', 'is ' ~ day ~ ', a day that has not come',
            'name a day up to today (' ~ run_started_at.strftime('%Y-%m-%d') ~ '), or leave it empty'
        ) -}}
    {%- endif -%}
{% endmacro %}

{# The setting as_of_date as a date literal. #}
{% macro as_of_date() %}
    {{- return(customer_health.date_literal(customer_health.as_of_day())) -}}
{% endmacro %}

{# A day 'YYYY-MM-DD' as a date literal. #}
{% macro date_literal(day) %}
    {{- return("cast('" ~ day ~ "' as date)") -}}
{% endmacro %}

{# The setting customer_health_refused_values, checked: stop_above and warn_above, shares of a column's values. #}
{% macro refused_value_limits() %}
    {%- set where = 'setting customer_health_refused_values' -%}
    {%- set limits = var('customer_health_refused_values') -%}
    {%- do customer_health.check_keys(where, limits, ['stop_above', 'warn_above'], []) -%}
    {%- do customer_health.check_number(where ~ ', stop_above', limits.stop_above, 0, 1) -%}
    {%- do customer_health.check_number(where ~ ', warn_above', limits.warn_above, 0, 1) -%}
    {{- return(limits) -}}
{% endmacro %}
