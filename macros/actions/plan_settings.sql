{# The settings of action plans and account briefs, checked where they are read. #}

{# The setting customer_health_plans, checked. #}
{% macro plan_settings() %}
    {%- set where = 'setting customer_health_plans' -%}
    {%- set plans = var('customer_health_plans') -%}
    {%- do customer_health.check_keys(where, plans, [
        'match_at_least', 'plan_at_least', 'scenarios_in_plan', 'sources', 'actions_at_most', 'alert_due_days', 'cadence_due_days',
        'prescription_due_days', 'risk_tiers', 'default_owner_role', 'min_peers',
    ], []) -%}
    {%- for key, highest in {
        'match_at_least': 1000, 'scenarios_in_plan': 100, 'actions_at_most': 1000, 'min_peers': 1000000,
    }.items() -%}
        {%- do customer_health.check_whole_number(where ~ ', key ' ~ key, plans[key], 1, highest) -%}
    {%- endfor -%}
    {%- do customer_health.check_whole_number(
        where ~ ', key prescription_due_days', plans.prescription_due_days, 0, 365
    ) -%}
    {%- do customer_health.check_whole_number(
        where ~ ', key plan_at_least', plans.plan_at_least, plans.match_at_least, 1000
    ) -%}
    {%- set due_days = {
        'alert_due_days': ['critical', 'high', 'medium', 'low'],
        'cadence_due_days': ['weekly', 'every two weeks', 'monthly', 'quarterly'],
    } -%}
    {%- for key, names in due_days.items() -%}
        {%- do customer_health.check_keys(where ~ ', key ' ~ key, plans[key], names, []) -%}
        {%- for name in names -%}
            {%- do customer_health.check_whole_number(
                where ~ ', key ' ~ key ~ ', key ' ~ name, plans[key][name], 0 if loop.first else plans[key][loop.previtem], 365
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for key, choices in {
        'sources': customer_health.plan_sources(), 'risk_tiers': ['critical', 'high', 'medium', 'low'],
    }.items() -%}
        {%- if plans[key] != [] -%}
            {%- do customer_health.check_list(where ~ ', key ' ~ key, plans[key]) -%}
        {%- endif -%}
        {%- for name in plans[key] -%}
            {%- do customer_health.check_choice(where ~ ', key ' ~ key, name, choices) -%}
        {%- endfor -%}
        {%- do customer_health.check_unique(where ~ ', key ' ~ key, plans[key]) -%}
    {%- endfor -%}
    {%- do customer_health.check_label(where ~ ', key default_owner_role', plans.default_owner_role) -%}
    {{- return(plans) -}}
{% endmacro %}

{# The playbooks that actions may come from. #}
{% macro plan_sources() %}
    {{- return(['alert', 'save_scenario', 'risk_tier', 'segment_prescription', 'strategy_matrix']) -}}
{% endmacro %}

{# The setting customer_health_brief, checked. #}
{% macro brief_settings() %}
    {%- set where = 'setting customer_health_brief' -%}
    {%- set brief = var('customer_health_brief') -%}
    {%- do customer_health.check_keys(where, brief, ['confidence', 'positive_share', 'projection_days', 'renewal'], []) -%}
    {%- set confidence_key = where ~ ', key confidence' -%}
    {%- do customer_health.check_keys(confidence_key, brief.confidence, ['high_at_least', 'medium_at_least'], []) -%}
    {%- do customer_health.check_number(confidence_key ~ ', key high_at_least', brief.confidence.high_at_least, 0, 1) -%}
    {%- do customer_health.check_number(
        confidence_key ~ ', key medium_at_least', brief.confidence.medium_at_least, 0, brief.confidence.high_at_least
    ) -%}
    {%- do customer_health.check_number(where ~ ', key positive_share', brief.positive_share, 0, 1) -%}
    {%- do customer_health.check_whole_number(where ~ ', key projection_days', brief.projection_days, 1, 365) -%}
    {%- set renewal_key = where ~ ', key renewal' -%}
    {%- do customer_health.check_keys(renewal_key, brief.renewal, ['days_before', 'tolerance_days', 'min_outcomes'], []) -%}
    {%- do customer_health.check_whole_number(renewal_key ~ ', key days_before', brief.renewal.days_before, 1, 3650) -%}
    {%- do customer_health.check_whole_number(
        renewal_key ~ ', key tolerance_days', brief.renewal.tolerance_days, 0, 3650
    ) -%}
    {%- do customer_health.check_whole_number(
        renewal_key ~ ', key min_outcomes', brief.renewal.min_outcomes, 1, 1000000000
    ) -%}
    {{- return(brief) -}}
{% endmacro %}

{# Up to `count` texts that stand in columns <prefix>1, <prefix>2 ..., joined by semicolons; NULLs are left out. #}
{% macro joined_texts(prefix, count) %}
    {%- set parts = [prefix ~ '1'] -%}
    {%- for number in range(2, count + 1) -%}
        {%- do parts.append("coalesce('; ' || " ~ prefix ~ number ~ ", '')") -%}
    {%- endfor -%}
    {{- return(parts | join(' || ')) -}}
{% endmacro %}
