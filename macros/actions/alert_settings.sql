{# The settings of alerts; each is checked where it is read. What they mean: docs/alerts.md. #}

{#
    The setting customer_health_alerts, checked. replay_from is a date literal, or none.
#}
{% macro alert_settings() %}
    {%- set where = 'setting customer_health_alerts' -%}
    {%- set block = var('customer_health_alerts') -%}
    {%- set whole = {
        'cool_down_days': [0, 3650], 'expire_after_days': [1, 3650], 'owner_capacity': [1, 1000000],
        'look_back_days': [31, 3650], 'tolerance_days': [0, 365], 'horizon_days': [1, 3650],
    } -%}
    {%- do customer_health.check_keys(where, block, [
        'weights', 'severities', 'trajectory_urgency', 'unknown_value', 'without_contact_or_owner', 'forecast_bands',
        'notice_days', 'replay_from',
    ] + whole.keys() | list, []) -%}
    {%- do customer_health.check_shares(where ~ ', key weights', block.weights, ['urgency', 'value', 'actionability']) -%}
    {%- do customer_health.check_shares(where ~ ', key severities', block.severities, customer_health.alert_severities()) -%}
    {%- do customer_health.check_descending(
        where ~ ', key severities', customer_health.in_order(block.severities, customer_health.alert_severities())
    ) -%}
    {%- set states = where ~ ', key trajectory_urgency' -%}
    {%- do customer_health.check_keys(states, block.trajectory_urgency, [], customer_health.alert_trajectory_states()) -%}
    {%- do customer_health.check_shares(states, block.trajectory_urgency, block.trajectory_urgency.keys() | list) -%}
    {%- for key in ['unknown_value', 'without_contact_or_owner'] -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ key, block[key], 0, 1) -%}
    {%- endfor -%}
    {%- for key, range in whole.items() -%}
        {%- do customer_health.check_whole_number(where ~ ', key ' ~ key, block[key], range[0], range[1]) -%}
    {%- endfor -%}
    {%- if block.look_back_days < 30 + block.tolerance_days -%}
        {{- customer_health.raise_error(
            where ~ ', key look_back_days', 'is ' ~ block.look_back_days ~ ', less than 30 and tolerance_days',
            'give at least ' ~ (30 + block.tolerance_days)
        ) -}}
    {%- endif -%}
    {%- set bands = where ~ ', key forecast_bands' -%}
    {%- do customer_health.check_list(bands, block.forecast_bands) -%}
    {%- for bound in block.forecast_bands -%}
        {%- do customer_health.check_number(bands, bound, 0, 1000000000000) -%}
    {%- endfor -%}
    {%- do customer_health.check_descending(bands, block.forecast_bands) -%}
    {%- set notice = where ~ ', key notice_days' -%}
    {%- do customer_health.check_keys(notice, block.notice_days, ['short', 'long'], []) -%}
    {%- for key in ['short', 'long'] -%}
        {%- do customer_health.check_whole_number(notice ~ ', key ' ~ key, block.notice_days[key], 0, block.horizon_days) -%}
    {%- endfor -%}
    {%- if block.notice_days.long < block.notice_days.short -%}
        {{- customer_health.raise_error(notice, 'has a long notice below the short one', 'swap the two') -}}
    {%- endif -%}
    {%- set settings = dict(block) -%}
    {%- do settings.update({'replay_from': customer_health.date_setting(where ~ ', key replay_from', block.replay_from)
        if block.replay_from else none}) -%}
    {{- return(settings) -}}
{% endmacro %}

{#
    The setting customer_health_alert_rules, checked: a list of blocks rule, entity, where, opens_when,
    any_of, severity, actionability, action. A condition: measure, comparison, threshold, and closes in any_of.
#}
{% macro alert_rules() %}
    {%- set setting = 'setting customer_health_alert_rules' -%}
    {%- set given = var('customer_health_alert_rules') -%}
    {%- if given != [] -%}
        {%- do customer_health.check_list(setting, given) -%}
    {%- endif -%}
    {%- set rules = [] -%}
    {%- for entry in given -%}
        {%- do customer_health.check_keys(
            setting, entry, ['rule', 'entity', 'any_of', 'severity', 'actionability', 'action'], ['where', 'opens_when']
        ) -%}
        {%- do customer_health.check_name(setting, entry.rule) -%}
        {%- set where = setting ~ ', rule ' ~ entry.rule -%}
        {%- if entry.rule.startswith('churn_warning_') -%}
            {{- customer_health.raise_error(where, 'has the name of a churn warning', 'choose another name') -}}
        {%- endif -%}
        {%- do customer_health.check_choice(where ~ ', key entity', entry.entity, ['account', 'customer']) -%}
        {%- do customer_health.check_choice(where ~ ', key severity', entry.severity, customer_health.alert_severities()) -%}
        {%- do customer_health.check_alert_action(where, entry) -%}
        {%- do customer_health.check_list(where ~ ', key any_of', entry.any_of) -%}
        {%- set rule = dict(entry) -%}
        {%- for key in ['where', 'opens_when', 'any_of'] -%}
            {%- set conditions = [] -%}
            {%- for condition in entry.get(key) or [] -%}
                {%- do conditions.append(customer_health.alert_condition(
                    where ~ ', key ' ~ key, condition, entry.entity, key == 'any_of'
                )) -%}
            {%- endfor -%}
            {%- do rule.update({key: conditions}) -%}
        {%- endfor -%}
        {%- do rules.append(rule) -%}
    {%- endfor -%}
    {%- do customer_health.check_unique(setting, rules | map(attribute='rule') | list) -%}
    {{- return(rules) -}}
{% endmacro %}

{# The setting customer_health_churn_warning_alerts, checked: source of a warning -> actionability and action. #}
{% macro churn_warning_alerts() %}
    {%- set where = 'setting customer_health_churn_warning_alerts' -%}
    {%- set block = var('customer_health_churn_warning_alerts') -%}
    {%- set fields = [] -%}
    {%- for signal in customer_health.churn_signals().values() -%}
        {%- do fields.extend(signal.measures.keys() | list) -%}
    {%- endfor -%}
    {%- do customer_health.check_keys(where, block, [], fields) -%}
    {%- for field, entry in block.items() -%}
        {%- do customer_health.check_keys(where ~ ', key ' ~ field, entry, ['actionability', 'action'], []) -%}
        {%- do customer_health.check_alert_action(where ~ ', key ' ~ field, entry) -%}
    {%- endfor -%}
    {{- return(block) -}}
{% endmacro %}

{# One condition of a rule, checked, as measure, comparison, threshold, closes. #}
{% macro alert_condition(where, given, entity, can_close) %}
    {%- set comparisons = ['above', 'below', 'at_least', 'at_most'] -%}
    {%- set is_label = given is mapping and 'is' in given -%}
    {%- if is_label and not can_close -%}
        {%- do customer_health.check_keys(where, given, ['measure', 'is'], []) -%}
        {%- do customer_health.check_choice(
            where ~ ', key measure', given.measure, customer_health.alert_labels(entity)
        ) -%}
        {%- do customer_health.check_label(where ~ ', key is', given['is']) -%}
        {{- return({'measure': given.measure, 'comparison': 'is', 'threshold': given['is'], 'closes': none}) -}}
    {%- endif -%}
    {%- do customer_health.check_keys(
        where, given, ['measure'], comparisons + (['closes'] if can_close else ['is'])
    ) -%}
    {%- do customer_health.check_choice(
        where ~ ', key measure', given.measure, customer_health.alert_measures(entity).keys() | list
    ) -%}
    {%- set used = comparisons | select('in', given) | list -%}
    {%- if used | length != 1 -%}
        {{- customer_health.raise_error(
            where, 'compares ' ~ given.measure ~ ' ' ~ used | length ~ ' times', 'give one of ' ~ comparisons | join(', ')
        ) -}}
    {%- endif -%}
    {%- set threshold = given[used[0]] -%}
    {%- set closes = given.get('closes', threshold) -%}
    {%- for number in [threshold, closes] -%}
        {%- do customer_health.check_number(where ~ ', measure ' ~ given.measure, number, -1000000000000, 1000000000000) -%}
    {%- endfor -%}
    {%- set sign = 1 if used[0] in ['above', 'at_least'] else -1 -%}
    {%- if sign * closes > sign * threshold -%}
        {{- customer_health.raise_error(
            where, 'closes ' ~ given.measure ~ ' at ' ~ closes ~ ', where it opens',
            'let closes lie on the healthy side of ' ~ threshold
        ) -}}
    {%- endif -%}
    {{- return({'measure': given.measure, 'comparison': used[0], 'threshold': threshold, 'closes': closes}) -}}
{% endmacro %}

{# Checks actionability and action of a rule. #}
{% macro check_alert_action(where, entry) %}
    {%- do customer_health.check_number(where ~ ', key actionability', entry.actionability, 0, 1) -%}
    {%- if entry.action is not string or not modules.re.match('^[^\\x00-\\x1f]{1,200}$', entry.action) -%}
        {{- customer_health.raise_error(where ~ ', key action', 'is no text of one line', 'give up to 200 characters') -}}
    {%- endif -%}
{% endmacro %}

{# Checks that a block has exactly these keys, each a number from 0 to 1 with at most two decimals. #}
{% macro check_shares(where, block, keys) %}
    {%- do customer_health.check_keys(where, block, keys, []) -%}
    {%- for key in keys -%}
        {%- do customer_health.check_number(where ~ ', key ' ~ key, block[key], 0, 1) -%}
        {%- if (block[key] * 100 - (block[key] * 100) | round) | abs > 0.000001 -%}
            {{- customer_health.raise_error(
                where ~ ', key ' ~ key, 'is ' ~ block[key], 'give at most two decimals'
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{# A date of a setting as a literal. #}
{% macro date_setting(where, value) %}
    {{- return(customer_health.date_literal(customer_health.checked_day(where, value))) -}}
{% endmacro %}

{# The values of a block in the order of the keys. #}
{% macro in_order(block, keys) %}
    {%- set values = [] -%}
    {%- for key in keys -%}{%- do values.append(block[key]) -%}{%- endfor -%}
    {{- return(values) -}}
{% endmacro %}

{# The severities, most severe first. #}
{% macro alert_severities() %}
    {{- return(['critical', 'high', 'medium', 'low']) -}}
{% endmacro %}

{# The states of a trajectory that may add to the urgency. #}
{% macro alert_trajectory_states() %}
    {{- return([
        'improving', 'accelerating_decline', 'declining', 'stable', 'recovering', 'insufficient_history'
    ]) -}}
{% endmacro %}

{#
    The measures that rules can compare: measure -> how it comes about. `column`: a column of the account's slice
    or the customer's mart as it is; `double`: the same, a double; `derived`: made by the model of measures.
#}
{% macro alert_measures(entity) %}
    {{- return({
        'account': {
            'days_since_last_activity': 'column', 'total_activities_30d': 'column', 'total_contacts': 'column',
            'contacts_with_email': 'column', 'contact_email_coverage': 'double', 'annual_revenue': 'double',
            'total_won_amount': 'double', 'current_pipeline_amount': 'double', 'win_rate_percentage': 'double',
            'number_of_employees': 'column', 'account_age_days': 'column', 'health_score': 'column',
            'score_coverage': 'column', 'predicted_6m_revenue': 'column', 'points_above_low_health': 'derived',
            'health_score_change_30d': 'derived', 'days_since_higher_band': 'derived',
            'days_pipeline_unchanged': 'derived', 'forecast_band_change_30d': 'derived',
        },
        'customer': {
            'overall_score': 'health', 'coverage_aware_score': 'health', 'signal_coverage': 'health',
            'risk_score': 'churn', 'days_to_renewal': 'churn', 'arr': 'churn',
        },
    }[entity]) -}}
{% endmacro %}

{# The labels that `where` and opens_when can compare. #}
{% macro alert_labels(entity) %}
    {{- return({
        'account': ['industry', 'account_size_segment', 'geographic_region', 'health_band', 'contribution_tier'],
        'customer': ['segment', 'classification', 'risk_tier'],
    }[entity]) -}}
{% endmacro %}
