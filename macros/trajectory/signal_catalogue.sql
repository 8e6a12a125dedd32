{#
    Every signal of an account, as data: signal -> family, source_table, source_column, unit, direction
    (which way is better), kind (number, flag or label) and, where they apply, value (its SQL; otherwise the
    column itself), dated_by (the column that tells how old the value is), dated_on (its SQL, where it is no
    date), applies_when (a condition; where it is false the signal is not applicable), can_be_negative.

    Signals of a customer are columns of int_customer_signals, the others of int_accounts_by_date.
    A label stands for the points that the customer-success method gives it.
#}
{% macro signal_catalogue() %}
    {%- set account = 'salesforce__customer_360_view' -%}
    {%- set health = 'customer_success__health' -%}
    {%- set churn = 'customer_success__churn' -%}
    {%- set expansion = 'customer_success__expansion' -%}
    {%- set arr = 'customer_success__monthly_arr' -%}
    {%- set as_of = 'as_of_date' -%}
    {%- set last_won = customer_health.days_between('cast(last_won_date as date)', as_of) -%}
    {%- set rows = [
        ['login_frequency', 'adoption', health, 'percent', 'higher'],
        ['feature_adoption', 'adoption', health, 'percent', 'higher'],
        ['dau_mau_ratio', 'adoption', health, 'ratio', 'higher'],
        ['seat_utilisation', 'adoption', expansion, 'ratio', 'higher', {
            'source_column': 'active_seats', 'and_when': 'licensed_seats > 0',
        }],
        ['login_trend', 'adoption', churn, 'percentage points', 'higher', {'can_be_negative': true}],
        ['feature_adoption_change', 'adoption', churn, 'percentage points', 'higher', {'can_be_negative': true}],
        ['dau_mau_change', 'adoption', churn, 'ratio', 'higher', {'can_be_negative': true}],

        ['days_since_last_activity', 'engagement', account, 'days', 'lower'],
        ['total_activities_30d', 'engagement', account, 'activities', 'higher'],
        ['total_activities_90d', 'engagement', account, 'activities', 'higher'],
        ['activity_trend_30d', 'engagement', account, 'activities', 'higher', {'can_be_negative': true}],
        ['is_declining_engagement', 'engagement', account, 'yes or no', 'lower', {'kind': 'flag'}],
        ['meeting_attendance', 'engagement', health, 'percent', 'higher'],
        ['nps_score', 'engagement', health, 'points 0-10', 'higher'],
        ['meeting_cancellations', 'engagement', churn, 'meetings', 'lower'],
        ['response_time_days', 'engagement', churn, 'days', 'lower'],
        ['nps_change', 'engagement', churn, 'points', 'higher', {'can_be_negative': true}],

        ['csat_score', 'support', health, 'points 1-5', 'higher'],
        ['support_ticket_volume', 'support', health, 'tickets', 'lower'],
        ['open_tickets', 'support', health, 'tickets', 'lower'],
        ['escalation_rate', 'support', health, 'ratio', 'lower'],
        ['avg_resolution_hours', 'support', health, 'hours', 'lower'],
        ['open_escalations', 'support', churn, 'escalations', 'lower'],
        ['unresolved_critical', 'support', churn, 'tickets', 'lower'],
        ['satisfaction_trend', 'support', churn, 'points 0-100', 'lower', {'kind': 'label'}],

        ['total_won_amount', 'commercial', account, 'currency', 'higher'],
        ['days_since_last_win', 'commercial', account, 'days', 'lower', {
            'source_column': 'last_won_date', 'applies_when': 'won_opportunities > 0',
            'value': 'case when ' ~ last_won ~ ' < 0 then 0 else ' ~ last_won ~ ' end',
        }],
        ['current_pipeline_amount', 'commercial', account, 'currency', 'higher', {
            'dated_by': 'latest_opportunity_date', 'applies_when': 'total_opportunities > 0',
        }],
        ['open_opportunities', 'commercial', account, 'opportunities', 'higher', {
            'dated_by': 'latest_opportunity_date', 'applies_when': 'total_opportunities > 0',
        }],
        ['win_rate_percentage', 'commercial', account, 'percent', 'higher', {
            'dated_by': 'latest_opportunity_date', 'applies_when': 'won_opportunities + lost_opportunities > 0',
        }],
        ['avg_sales_cycle_days', 'commercial', account, 'days', 'lower', {
            'dated_by': 'last_won_date', 'applies_when': 'won_opportunities > 0',
        }],
        ['avg_lead_conversion_days', 'commercial', account, 'days', 'lower', {
            'dated_by': 'latest_lead_conversion_date', 'applies_when': 'total_converted_leads > 0',
        }],
        ['customer_arr', 'commercial', arr, 'currency', 'higher', {'source_column': 'arr', 'dated_by': 'month'}],
        ['days_to_contract_end', 'commercial', churn, 'days', 'higher', {
            'source_column': 'contract_end_date', 'can_be_negative': true,
        }],
        ['contract_type', 'commercial', churn, 'points 0-100', 'lower', {'kind': 'label'}],
        ['pricing_complaints', 'commercial', churn, 'yes or no', 'lower', {'kind': 'flag'}],
        ['budget_cuts_mentioned', 'commercial', churn, 'yes or no', 'lower', {'kind': 'flag'}],

        ['total_contacts', 'relationship', account, 'contacts', 'higher'],
        ['contacts_with_email', 'relationship', account, 'contacts', 'higher', {'applies_when': 'total_contacts > 0'}],
        ['contact_email_coverage', 'relationship', account, 'ratio', 'higher', {
            'source_column': 'contacts_with_email', 'applies_when': 'total_contacts > 0',
            'value': 'contact_email_coverage',
        }],
        ['callable_contacts', 'relationship', account, 'contacts', 'higher', {'applies_when': 'total_contacts > 0'}],
        ['emailable_contacts', 'relationship', account, 'contacts', 'higher', {'applies_when': 'total_contacts > 0'}],
        ['unique_activity_owners', 'relationship', account, 'people', 'higher', {
            'dated_by': 'days_since_last_activity',
            'dated_on': customer_health.days_before(as_of, 'days_since_last_activity'),
        }],
        ['owner_is_active', 'relationship', account, 'yes or no', 'higher', {'kind': 'flag'}],
        ['executive_sponsor_engagement', 'relationship', health, 'percent', 'higher'],
        ['multi_threading_depth', 'relationship', health, 'people', 'higher'],
        ['renewal_sentiment', 'relationship', health, 'points 0-100', 'higher', {'kind': 'label'}],
        ['champion_left', 'relationship', churn, 'yes or no', 'lower', {'kind': 'flag'}],
        ['sponsor_change', 'relationship', churn, 'yes or no', 'lower', {'kind': 'flag'}],
        ['competitor_mentions', 'relationship', churn, 'mentions', 'lower'],
    ] -%}
    {%- set catalogue = {} -%}
    {%- for row in rows -%}
        {%- set facts = row[5] if row | length > 5 else {} -%}
        {%- set is_of_customer = row[2] != account -%}
        {#- Whoever never bought anything has no usage to measure. -#}
        {%- set conditions = ['(customer_id is not null or total_won_amount > 0)'] if is_of_customer else [] -%}
        {%- for key in ['applies_when', 'and_when'] if key in facts -%}
            {%- do conditions.append(facts[key]) -%}
        {%- endfor -%}
        {%- set dated_by = facts.get('dated_by') -%}
        {%- set dated_on = none -%}
        {%- if dated_by is not none -%}
            {%- set column = row[0] ~ '__dated_on' if is_of_customer else dated_by -%}
            {%- set dated_on = facts.get('dated_on') or 'cast(' ~ column ~ ' as date)' -%}
        {%- endif -%}
        {%- do catalogue.update({row[0]: {
            'signal': row[0],
            'family': row[1],
            'source_table': row[2],
            'source_column': facts.get('source_column', row[0]),
            'unit': row[3],
            'direction': row[4],
            'kind': facts.get('kind', 'number'),
            'value': facts.get('value', row[0]),
            'dated_by': dated_by,
            'dated_on': dated_on,
            'applies_when': conditions | join(' and ') or none,
            'can_be_negative': facts.get('can_be_negative', false),
            'is_of_customer': is_of_customer,
        }}) -%}
    {%- endfor -%}
    {{- return(catalogue) -}}
{% endmacro %}

{# The families in the order in which they are shown. #}
{% macro signal_families() %}
    {{- return(['adoption', 'engagement', 'support', 'commercial', 'relationship']) -}}
{% endmacro %}

{# The signals that are built, each with its staleness_limit_days (none: never stale), in catalogue order. #}
{% macro built_signals() %}
    {%- set limits = customer_health.staleness_limits() -%}
    {%- set customers_are_built = customer_health.customer_signals_are_built() -%}
    {%- set built = [] -%}
    {%- for name, signal in customer_health.signal_catalogue().items()
        if customers_are_built or not signal.is_of_customer -%}
        {%- do signal.update({'staleness_limit_days': limits[name]}) -%}
        {%- do built.append(signal) -%}
    {%- endfor -%}
    {{- return(built) -}}
{% endmacro %}

{# The signals that scored policies read by their state, as columns <signal>__signal. #}
{% macro scored_signals() %}
    {%- set found = [] -%}
    {%- for metric in customer_health.scaled_metrics() -%}
        {%- if metric.source_column == metric.metric ~ '__signal' and metric.metric not in found -%}
            {%- do found.append(metric.metric) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{# Every metric that a policy may score, the signals among them: name -> unit, can_be_negative, is_of_customer. #}
{% macro scorable_metrics() %}
    {%- set metrics = {} -%}
    {%- for name, facts in customer_health.metric_catalogue().items() -%}
        {%- do metrics.update({name: dict(facts, is_of_customer=false)}) -%}
    {%- endfor -%}
    {%- for name, signal in customer_health.signal_catalogue().items() if name not in metrics -%}
        {%- do metrics.update({name: {
            'unit': signal.unit, 'can_be_negative': signal.can_be_negative, 'is_of_customer': signal.is_of_customer,
        }}) -%}
    {%- endfor -%}
    {{- return(metrics) -}}
{% endmacro %}

{#
    The column of int_account_metrics that a policy scores for a metric. Where the policy has reads_signals,
    and of what is a signal only, a value counts only while it is measured: not when it is stale.
#}
{% macro metric_source_column(metric, reads_signals) %}
    {%- set signal = customer_health.signal_catalogue().get(metric) -%}
    {%- if signal is not none and (reads_signals or signal.is_of_customer or signal.value != metric) -%}
        {{- return(metric ~ '__signal') -}}
    {%- endif -%}
    {{- return(metric) -}}
{% endmacro %}

{# Whether the signals are built: for the trajectory, or because a scored policy reads one. #}
{% macro signals_are_built() %}
    {%- if not customer_health.subject_is_built('account_health') -%}{{- return(false) -}}{%- endif -%}
    {%- if customer_health.subject_is_built('trajectory') -%}{{- return(true) -}}{%- endif -%}
    {{- return(customer_health.needs_of_policies().signals) -}}
{% endmacro %}

{% macro customer_signals_are_built() %}
    {{- return(customer_health.subject_is_built('customer_success') and customer_health.signals_are_built()) -}}
{% endmacro %}

{# The setting customer_health_signals, checked: signal -> days after which its value is stale, or none. #}
{% macro staleness_limits() %}
    {%- set where = 'setting customer_health_signals' -%}
    {%- set settings = var('customer_health_signals') -%}
    {%- do customer_health.check_keys(
        where, settings, ['staleness_limit_days'], ['staleness_limit_days_of_signal']
    ) -%}
    {%- set families = customer_health.signal_families() -%}
    {%- set catalogue = customer_health.signal_catalogue() -%}
    {%- set of_family = settings.staleness_limit_days -%}
    {%- set of_signal = settings.get('staleness_limit_days_of_signal') or {} -%}
    {%- do customer_health.check_keys(where ~ ', key staleness_limit_days', of_family, families, []) -%}
    {%- do customer_health.check_keys(
        where ~ ', key staleness_limit_days_of_signal', of_signal, [], catalogue.keys() | list
    ) -%}
    {%- for name, days in (of_family.items() | list) + (of_signal.items() | list) if days is not none -%}
        {%- set key = where ~ ', staleness limit of ' ~ name -%}
        {%- do customer_health.check_number(key, days, 1, 36500) -%}
        {%- if days != days | int -%}
            {{- customer_health.raise_error(key, 'is ' ~ days, 'give whole days') -}}
        {%- endif -%}
    {%- endfor -%}
    {%- set limits = {} -%}
    {%- for name, signal in catalogue.items() -%}
        {%- do limits.update({name: of_signal[name] if name in of_signal else of_family[signal.family]}) -%}
    {%- endfor -%}
    {{- return(limits) -}}
{% endmacro %}
