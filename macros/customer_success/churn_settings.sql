{# The settings of the churn analysis and the catalogue of its signals; each is checked where it is read. #}

{#
    The setting customer_success_churn: weights (signal -> share), urgency (rungs days_at_most, multiplier)
    and risk_tiers (rungs risk_tier, at_least). Its measures: churn_signals.
#}
{% macro churn_settings() %}
    {%- set where = 'setting customer_success_churn' -%}
    {%- set settings = var('customer_success_churn') -%}
    {%- do customer_health.check_keys(where, settings, ['weights', 'measures', 'urgency', 'risk_tiers'], []) -%}

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
    The five signals of churn with the measures that the documents have, in the order in which they are
    added: signal -> field -> kind and default where it is absent. The numbers are settings.

    number   (value - from) x points; what falls has negative points
    steps    the first step that the value reaches: points, or points_each x value; below them 0
    label    points of the label in any case, else `otherwise`
    flag     points where it is true
#}
{% macro churn_measure_catalogue() %}
    {{- return({
        'usage_decline': {
            'login_trend': ['number', 0], 'feature_adoption_change': ['number', 0], 'dau_mau_change': ['number', 0],
        },
        'engagement_drop': {
            'meeting_cancellations': ['number', 0], 'response_time_days': ['number', 1], 'nps_change': ['number', 0],
        },
        'support_issues': {
            'open_escalations': ['number', 0], 'unresolved_critical': ['number', 0],
            'satisfaction_trend': ['label', 'stable'],
        },
        'relationship_signals': {
            'champion_left': ['flag', false], 'sponsor_change': ['flag', false], 'competitor_mentions': ['steps', 0],
        },
        'commercial_factors': {
            'contract_type': ['label', 'annual'], 'pricing_complaints': ['flag', false],
            'budget_cuts_mentioned': ['flag', false],
        },
    }) -}}
{% endmacro %}

{#
    The measures of the setting customer_success_churn, checked: signal -> combined (weighted or added)
    and measures: field -> kind, default, points and whatever else its kind has.
#}
{% macro churn_signals() %}
    {%- set where = 'setting customer_success_churn, key measures' -%}
    {%- set given = var('customer_success_churn').get('measures', {}) -%}
    {%- set catalogue = customer_health.churn_measure_catalogue() -%}
    {%- do customer_health.check_keys(where, given, catalogue.keys() | list, []) -%}
    {%- set signals = {} -%}
    {%- for signal, fields in catalogue.items() -%}
        {%- set signal_key = where ~ ', key ' ~ signal -%}
        {%- do customer_health.check_keys(signal_key, given[signal], fields.keys() | list, []) -%}
        {%- set measures = {} -%}
        {%- set weights = [] -%}
        {%- for field, facts in fields.items() -%}
            {%- set measure = customer_health.churn_measure(signal_key ~ ', key ' ~ field, given[signal][field], facts[0]) -%}
            {%- do measure.update({'default': facts[1]}) -%}
            {%- do measures.update({field: measure}) -%}
            {%- if measure.weight is defined -%}{%- do weights.append({'weight': measure.weight}) -%}{%- endif -%}
        {%- endfor -%}
        {%- if weights -%}
            {%- if weights | length < measures | length -%}
                {{- customer_health.raise_error(
                    signal_key, 'has measures with a weight and without', 'give all of them a weight, or none'
                ) -}}
            {%- endif -%}
            {%- do customer_health.check_weights(signal_key, weights) -%}
        {%- endif -%}
        {%- do signals.update({signal: {'combined': 'weighted' if weights else 'added', 'measures': measures}}) -%}
    {%- endfor -%}
    {{- return(signals) -}}
{% endmacro %}

{# One measure of the settings, checked, as a block of its own with its kind. #}
{% macro churn_measure(where, given, kind) %}
    {%- set required, optional = {
        'number': (['points'], ['weight', 'from']),
        'steps': (['steps'], ['weight']),
        'label': (['points', 'otherwise'], ['weight']),
        'flag': (['points'], ['weight']),
    }[kind] -%}
    {%- do customer_health.check_keys(where, given, required, optional) -%}
    {%- set measure = {'kind': kind} -%}
    {%- do measure.update(given) -%}
    {%- if kind == 'number' -%}
        {%- do customer_health.check_number(where ~ ', key points', given.points, -1000000, 1000000) -%}
        {%- do measure.update({'from': given.get('from', 0)}) -%}
        {%- do customer_health.check_number(where ~ ', key from', measure.from, -1000000, 1000000) -%}
    {%- elif kind == 'flag' -%}
        {%- do customer_health.check_number(where ~ ', key points', given.points, 0, 100) -%}
    {%- elif kind == 'label' -%}
        {%- do customer_health.check_number(where ~ ', key otherwise', given.otherwise, 0, 100) -%}
        {%- for label, points in given.points.items() -%}
            {%- do customer_health.check_number(where ~ ', key ' ~ label, points, 0, 100) -%}
        {%- endfor -%}
    {%- else -%}
        {%- do customer_health.check_list(where ~ ', key steps', given.steps) -%}
        {%- for step in given.steps -%}
            {%- do customer_health.check_keys(where ~ ', key steps', step, ['at_least'], ['points', 'points_each']) -%}
            {%- do customer_health.check_number(where ~ ', key steps', step.at_least, 0, 1000000) -%}
            {%- do customer_health.check_number(
                where ~ ', key steps', step.get('points', step.get('points_each')), 0, 100
            ) -%}
        {%- endfor -%}
        {%- do customer_health.check_descending(where ~ ', key steps', given.steps | map(attribute='at_least') | list) -%}
    {%- endif -%}
    {{- return(measure) -}}
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
