{# The settings of segments, goals and the review calendar, checked where they are read. #}

{# The measures of an account that a segment's rule may bound: name -> unit; columns of account_health. #}
{% macro segment_measures() %}
    {{- return({
        'account_age_days': 'days', 'days_since_last_activity': 'days', 'total_activities_30d': 'activities',
        'total_contacts': 'contacts', 'number_of_employees': 'people', 'annual_revenue': 'currency',
        'total_won_amount': 'currency', 'current_pipeline_amount': 'currency', 'predicted_6m_revenue': 'currency',
        'health_score': 'points',
    }) -}}
{% endmacro %}

{#
    The setting customer_health_segments: a list of blocks (segment, description, review_every_days,
    accounts_per_csm, any_of), the first whose rule holds; the last takes everything and has no any_of.
#}
{% macro segments() %}
    {%- set where = 'setting customer_health_segments' -%}
    {%- set segments = var('customer_health_segments') -%}
    {%- do customer_health.check_list(where, segments) -%}
    {%- for segment in segments -%}
        {%- set keys = ['segment', 'description', 'review_every_days', 'accounts_per_csm'] -%}
        {%- do customer_health.check_keys(where, segment, keys if loop.last else keys + ['any_of'], []) -%}
        {%- set of_segment = where ~ ', segment ' ~ segment.segment -%}
        {%- do customer_health.check_name(of_segment, segment.segment) -%}
        {%- if segment.description is not string or segment.description | trim == '' -%}
            {{- customer_health.raise_error(of_segment, 'has no description', 'say in a sentence who is in it') -}}
        {%- endif -%}
        {%- for key in ['review_every_days', 'accounts_per_csm'] -%}
            {%- do customer_health.check_number(of_segment ~ ', key ' ~ key, segment[key], 1, 100000) -%}
            {%- if segment[key] != segment[key] | int -%}
                {{- customer_health.raise_error(
                    of_segment ~ ', key ' ~ key, 'is ' ~ segment[key], 'give a whole number'
                ) -}}
            {%- endif -%}
        {%- endfor -%}
        {%- if not loop.last -%}
            {%- do customer_health.check_list(of_segment ~ ', key any_of', segment.any_of) -%}
            {%- for rule in segment.any_of -%}
                {%- do customer_health.check_segment_rule(of_segment ~ ', key any_of', rule) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do customer_health.check_unique(where, segments | map(attribute='segment') | list) -%}
    {{- return(segments) -}}
{% endmacro %}

{# One way into a segment: sizes, top_tier and bounds of measures, all of which must hold. #}
{% macro check_segment_rule(where, rule) %}
    {%- set measures = customer_health.segment_measures() -%}
    {%- do customer_health.check_keys(where, rule, [], ['sizes', 'top_tier'] + measures | list) -%}
    {%- if rule | length == 0 -%}
        {{- customer_health.raise_error(where, 'has a rule without conditions', 'give at least one condition') -}}
    {%- endif -%}
    {%- if 'sizes' in rule -%}
        {%- do customer_health.check_list(where ~ ', key sizes', rule.sizes) -%}
        {%- for size in rule.sizes -%}
            {%- do customer_health.check_choice(
                where ~ ', key sizes', size, customer_health.known_labels('size_segment') + ['Unknown']
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if 'top_tier' in rule -%}
        {%- do customer_health.check_choice(where ~ ', key top_tier', rule.top_tier, [true, false]) -%}
    {%- endif -%}
    {%- for measure in measures if measure in rule -%}
        {%- set of_measure = where ~ ', key ' ~ measure -%}
        {%- do customer_health.check_keys(of_measure, rule[measure], [], ['at_least', 'above', 'at_most', 'below']) -%}
        {%- if rule[measure] | length == 0 -%}
            {{- customer_health.raise_error(of_measure, 'has no bound', 'give at_least, above, at_most or below') -}}
        {%- endif -%}
        {%- for bound in rule[measure].values() -%}
            {%- do customer_health.check_number(of_measure, bound, -1000000000000, 1000000000000) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}

{# Whether a rule of segments holds for a row of account_health; an unknown measure meets no bound. #}
{% macro segment_condition(rule) %}
    {%- set operators = {'at_least': '>=', 'above': '>', 'at_most': '<=', 'below': '<'} -%}
    {%- set conditions = [] -%}
    {%- if 'sizes' in rule -%}
        {%- set sizes = [] -%}
        {%- for size in rule.sizes -%}{%- do sizes.append(customer_health.text_literal(size)) -%}{%- endfor -%}
        {%- do conditions.append('account_size_segment in (' ~ sizes | join(', ') ~ ')') -%}
    {%- endif -%}
    {%- if 'top_tier' in rule -%}
        {%- do conditions.append(
            'contribution_tier ' ~ ('=' if rule.top_tier else '<>') ~ ' '
            ~ customer_health.text_literal(customer_health.active_policy().tiers[0].tier)
        ) -%}
    {%- endif -%}
    {%- for measure in customer_health.segment_measures() if measure in rule -%}
        {%- for name, bound in rule[measure].items() -%}
            {%- do conditions.append(measure ~ ' ' ~ operators[name] ~ ' ' ~ customer_health.plain_number(bound)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return('(' ~ conditions | join(' and ') ~ ')') -}}
{% endmacro %}

{# A checked number of a setting without an exponent, which a decimal column could not be compared with exactly. #}
{% macro plain_number(number) %}
    {{- return(number if number is integer else '%.6f' | format(number)) -}}
{% endmacro %}
