{# The settings of the churn analysis and the catalogue of its signals; each is checked where it is read. #}

{#
    The setting customer_success_churn: weights (signal -> share), urgency (rungs days_at_most, multiplier)
    and risk_tiers (rungs risk_tier, at_least).
#}
{% macro churn_settings() %}
    {%- set where = 'setting customer_success_churn' -%}
    {%- set settings = var('customer_success_churn') -%}
    {%- do customer_health.check_keys(where, settings, ['weights', 'urgency', 'risk_tiers'], []) -%}

    {%- set signals = customer_health.churn_signals().keys() | list -%}
    {%- do customer_health.check_keys(where ~ ', key weights', settings.weights, signals, []) -%}
    {%- set entries = [] -%}
    {%- for signal in signals -%}{%- do entries.append({'weight': settings.weights[signal]}) -%}{%- endfor -%}
    {%- do customer_health.check_weights(where ~ ', key weights', entries) -%}

    {%- set urgency_key = where ~ ', key urgency' -%}
    {%- do customer_health.check_list(urgency_key, settings.urgency) -%}
    {%- for rung in settings.urgency -%}
        {%- do customer_health.check_keys(urgency_key, rung, ['days_at_most', 'multiplier'], []) -%}
        {%- do customer_health.check_number(urgency_key ~ ', key days_at_most', rung.days_at_most, 0, 100000) -%}
        {%- do customer_health.check_number(urgency_key ~ ', key multiplier', rung.multiplier, 1, 10) -%}
        {%- if (rung.multiplier * 100 - (rung.multiplier * 100) | round) | abs > 0.000001 -%}
            {{- customer_health.raise_error(
                urgency_key ~ ', key multiplier', 'is ' ~ rung.multiplier, 'give at most two decimals'
            ) -}}
        {%- endif -%}
        {%- if not loop.first and rung.days_at_most <= loop.previtem.days_at_most -%}
            {{- customer_health.raise_error(
                urgency_key,
                'does not ascend: ' ~ rung.days_at_most ~ ' days come after ' ~ loop.previtem.days_at_most,
                'order it from near to far'
            ) -}}
        {%- endif -%}
        {%- if not loop.first and rung.multiplier > loop.previtem.multiplier -%}
            {{- customer_health.raise_error(
                urgency_key, 'grows from ' ~ loop.previtem.multiplier ~ ' to ' ~ rung.multiplier ~ ' further away',
                'let the multipliers fall with the days'
            ) -}}
        {%- endif -%}
    {%- endfor -%}

    {%- set tiers_key = where ~ ', key risk_tiers' -%}
    {%- do customer_health.check_list(tiers_key, settings.risk_tiers) -%}
    {%- for rung in settings.risk_tiers -%}
        {%- do customer_health.check_keys(tiers_key, rung, ['risk_tier', 'at_least'], []) -%}
        {%- do customer_health.check_number(tiers_key ~ ', key at_least', rung.at_least, 0, 100) -%}
    {%- endfor -%}
    {%- set names = ['critical', 'high', 'medium', 'low'] -%}
    {%- if settings.risk_tiers | map(attribute='risk_tier') | list != names -%}
        {{- customer_health.raise_error(
            tiers_key, 'has other tiers than the playbooks', 'give ' ~ names | join(', ') ~ ', in that order'
        ) -}}
    {%- endif -%}
    {%- do customer_health.check_descending(tiers_key, settings.risk_tiers | map(attribute='at_least') | list) -%}
    {%- if settings.risk_tiers[-1].at_least != 0 -%}
        {{- customer_health.raise_error(
            tiers_key, 'leaves a gap below ' ~ settings.risk_tiers[-1].at_least, 'let the last tier start at 0'
        ) -}}
    {%- endif -%}
    {{- return(settings) -}}
{% endmacro %}

{#
    The five signals of churn: signal -> how its measures are combined (weighted or added, in the written
    order) and the measures: field -> default where it is absent, and points. A signal and a measure have
    0 to 100 points each.

    number   (value - from) x points; what falls has negative points
    steps    the first step that the value reaches: points, or points_each x value; below them 0
    label    points of the label in any case, else `otherwise`
    flag     points where it is true
#}
{% macro churn_signals() %}
    {{- return({
        'usage_decline': {'combined': 'weighted', 'measures': {
            'login_trend': {'kind': 'number', 'default': 0, 'weight': 0.40, 'from': 0, 'points': -3},
            'feature_adoption_change': {'kind': 'number', 'default': 0, 'weight': 0.35, 'from': 0, 'points': -4},
            'dau_mau_change': {'kind': 'number', 'default': 0, 'weight': 0.25, 'from': 0, 'points': -500},
        }},
        'engagement_drop': {'combined': 'weighted', 'measures': {
            'meeting_cancellations': {'kind': 'number', 'default': 0, 'weight': 0.30, 'from': 0, 'points': 25},
            'response_time_days': {'kind': 'number', 'default': 1, 'weight': 0.35, 'from': 1, 'points': 15},
            'nps_change': {'kind': 'number', 'default': 0, 'weight': 0.35, 'from': 0, 'points': -20},
        }},
        'support_issues': {'combined': 'weighted', 'measures': {
            'open_escalations': {'kind': 'number', 'default': 0, 'weight': 0.35, 'from': 0, 'points': 35},
            'unresolved_critical': {'kind': 'number', 'default': 0, 'weight': 0.35, 'from': 0, 'points': 50},
            'satisfaction_trend': {
                'kind': 'label', 'default': 'stable', 'weight': 0.30, 'otherwise': 30,
                'points': {'improving': 10, 'stable': 30, 'declining': 70, 'critical': 95},
            },
        }},
        'relationship_signals': {'combined': 'added', 'measures': {
            'champion_left': {'kind': 'flag', 'default': false, 'points': 45},
            'sponsor_change': {'kind': 'flag', 'default': false, 'points': 30},
            'competitor_mentions': {
                'kind': 'steps', 'default': 0,
                'steps': [{'at_least': 3, 'points': 35}, {'at_least': 1, 'points_each': 12}],
            },
        }},
        'commercial_factors': {'combined': 'added', 'measures': {
            'contract_type': {
                'kind': 'label', 'default': 'annual', 'otherwise': 0,
                'points': {'month-to-month': 30, 'quarterly': 15},
            },
            'pricing_complaints': {'kind': 'flag', 'default': false, 'points': 35},
            'budget_cuts_mentioned': {'kind': 'flag', 'default': false, 'points': 40},
        }},
    }) -}}
{% endmacro %}

{#
    The value of a field as the method reads it: the default where it is absent, NULL where it cannot be
    read or its section is no object. Over the columns of base_customer_success__churn_records.
#}
{% macro churn_value(section, field, measure) %}
    {%- set double = customer_health.type_double() -%}
    {%- set default, value = {
        'number': ('cast(' ~ measure.default ~ ' as ' ~ double ~ ')', customer_health.json_number(field)),
        'steps': ('cast(' ~ measure.default ~ ' as ' ~ double ~ ')', customer_health.json_number(field)),
        'label': (customer_health.sql_literal(measure.default), 'lower(' ~ customer_health.json_text(field) ~ ')'),
        'flag': (customer_health.sql_literal(measure.default), customer_health.json_truth(field)),
    }[measure.kind] -%}
    {{- return(
        'case when ' ~ section ~ " <> '{' then null when " ~ field ~ ' is null then ' ~ default
        ~ ' else ' ~ value ~ ' end'
    ) -}}
{% endmacro %}

{# The points of a measure (0 to 100, a double) from the column of its name; NULL for NULL. #}
{% macro churn_points(field, measure) %}
    {%- if measure.kind == 'number' -%}
        {{- return(customer_health.clamped_score(
            '((' ~ field ~ ' - ' ~ measure.from ~ ') * ' ~ customer_health.double(measure.points) ~ ')'
        )) -}}
    {%- endif -%}
    {%- set rungs = [] -%}
    {%- if measure.kind == 'steps' -%}
        {%- for step in measure.steps -%}
            {%- do rungs.append(
                'when ' ~ field ~ ' >= ' ~ step.at_least ~ ' then '
                ~ (step.points_each ~ ' * ' ~ field if step.points_each else customer_health.double(step.points))
            ) -%}
        {%- endfor -%}
    {%- elif measure.kind == 'label' -%}
        {%- for label, points in measure.points.items() -%}
            {%- do rungs.append(
                'when ' ~ field ~ ' = ' ~ customer_health.sql_literal(label) ~ ' then ' ~ customer_health.double(points)
            ) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do rungs.append('when ' ~ field ~ ' then ' ~ customer_health.double(measure.points)) -%}
    {%- endif -%}
    {%- set otherwise = customer_health.double(measure.get('otherwise', 0)) -%}
    {{- return('case ' ~ rungs | join(' ') ~ ' when ' ~ field ~ ' is not null then ' ~ otherwise ~ ' end') -}}
{% endmacro %}

{# The multiplier of the urgency (a double) by the column of the days to renewal; 1 for NULL. #}
{% macro urgency_multiplier(days_to_renewal) %}
    {%- set rungs = [] -%}
    {%- for rung in customer_health.churn_settings().urgency -%}
        {%- do rungs.append(
            'when ' ~ days_to_renewal ~ ' <= ' ~ rung.days_at_most ~ ' then ' ~ customer_health.double(rung.multiplier)
        ) -%}
    {%- endfor -%}
    {{- return('case ' ~ rungs | join(' ') ~ ' else ' ~ customer_health.double(1) ~ ' end') -}}
{% endmacro %}

{#
    The risk tier as the original tells it: each tier but the first ends one point below the next, and what
    lies between two tiers falls to the last one.
#}
{% macro published_risk_tier(risk_score) %}
    {%- set tiers = customer_health.churn_settings().risk_tiers -%}
    case
        when {{ risk_score }} is null then 'unscored'
        {%- for rung in tiers[:-1] %}
        when
            {{ risk_score }} >= {{ rung.at_least }}
            {%- if not loop.first %}
            and {{ risk_score }} <= {{ loop.previtem.at_least }} - 1
            {%- endif %}
            then {{ customer_health.text_literal(rung.risk_tier) }}
        {%- endfor %}
        else {{ customer_health.text_literal(tiers[-1].risk_tier) }}
    end
{%- endmacro %}
