{# The three tools, each with a source table and documents of its own. #}
{% macro customer_success_tools() %}
    {{- return(['health', 'churn', 'expansion']) -}}
{% endmacro %}

{#
    The fields of the customer-success documents: tool -> column -> block with the path in the document
    and the rule of its value. What a rule refuses is a finding (docs/customer_success.md).

    rule           accepts                                         finding otherwise
    key            a text that is not blank, or a number           (the record is rejected)
    section        an object                                       not_an_object
    list           a list                                          not_a_list
    text           a text                                          null_value, not_a_text
    amount         a number 0 .. 2^53                              null_value, not_a_number, not_finite,
                                                                   negative, too_large
    signed_amount  a number -2^53 .. 2^53                          the same
    optional       like signed_amount; null is absent              not_a_number, not_finite, too_large
    flag           true, false, 0, 1                               null_value, not_a_flag
    date           a text that begins with a day of the calendar   null_value, not_a_text, impossible_date
    segment        a segment with benchmarks of its own            null_value, not_a_text, unknown_label
    sentiment, satisfaction   a label of the method                the same
#}
{% macro customer_success_fields(tool) %}
    {%- set common = {
        'customer_id': ['customer_id', 'key'],
        'name': ['name', 'text'],
        'segment': ['segment', 'segment'],
        'arr': ['arr', 'amount'],
    } -%}
    {%- set sections = {
        'health': {
            'usage': {
                'login_frequency': 'amount', 'feature_adoption': 'amount', 'dau_mau_ratio': 'amount',
            },
            'engagement': {
                'support_ticket_volume': 'amount', 'meeting_attendance': 'amount', 'nps_score': 'amount',
                'csat_score': 'amount',
            },
            'support': {'open_tickets': 'amount', 'escalation_rate': 'amount', 'avg_resolution_hours': 'amount'},
            'relationship': {
                'executive_sponsor_engagement': 'amount', 'multi_threading_depth': 'amount',
                'renewal_sentiment': 'sentiment',
            },
            'previous_period': {
                'usage_score': 'optional', 'engagement_score': 'optional', 'support_score': 'optional',
                'relationship_score': 'optional', 'overall_score': 'optional',
            },
        },
        'churn': {
            'usage_decline': {
                'login_trend': 'signed_amount', 'feature_adoption_change': 'signed_amount',
                'dau_mau_change': 'signed_amount',
            },
            'engagement_drop': {
                'meeting_cancellations': 'amount', 'response_time_days': 'amount', 'nps_change': 'signed_amount',
            },
            'support_issues': {
                'open_escalations': 'amount', 'unresolved_critical': 'amount', 'satisfaction_trend': 'satisfaction',
            },
            'relationship_signals': {
                'champion_left': 'flag', 'sponsor_change': 'flag', 'competitor_mentions': 'amount',
            },
            'commercial_factors': {
                'contract_type': 'text', 'pricing_complaints': 'flag', 'budget_cuts_mentioned': 'flag',
            },
        },
        'expansion': {
            'contract': {
                'licensed_seats': 'amount', 'active_seats': 'amount', 'plan_tier': 'text', 'available_tiers': 'list',
            },
            'product_usage': {},
            'departments': {'current': 'list', 'potential': 'list'},
        },
    }[tool] -%}
    {%- set fields = {} -%}
    {%- for column, parts in common.items() -%}
        {%- do fields.update({column: {'path': parts[0], 'rule': parts[1]}}) -%}
    {%- endfor -%}
    {%- if tool == 'churn' -%}
        {#- Its score does not depend on the segment. -#}
        {%- do fields.update({'segment': {'path': 'segment', 'rule': 'text'}}) -%}
        {%- do fields.update({'contract_end_date': {'path': 'contract_end_date', 'rule': 'date'}}) -%}
    {%- endif -%}
    {%- for section, values in sections.items() -%}
        {%- do fields.update({section: {'path': section, 'rule': 'section'}}) -%}
        {%- for value, rule in values.items() -%}
            {%- set column = {'previous_period': 'previous_' ~ value, 'departments': value ~ '_departments'}.get(section, value) -%}
            {%- do fields.update({column: {'path': section ~ '.' ~ value, 'rule': rule}}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(fields) -}}
{% endmacro %}

{# The segments that the seeds have benchmarks for, in lower case. #}
{% macro customer_success_segments() %}
    {%- set where = 'setting customer_success_segments' -%}
    {%- set segments = var('customer_success_segments') -%}
    {%- do customer_health.check_list(where, segments) -%}
    {%- for segment in segments -%}
        {%- do customer_health.check_label(where, segment) -%}
        {%- if segment != segment | lower -%}
            {{- customer_health.raise_error(where, 'has the segment ' ~ segment, 'write it in lower case') -}}
        {%- endif -%}
    {%- endfor -%}
    {%- do customer_health.check_unique(where, segments) -%}
    {{- return(segments) -}}
{% endmacro %}
