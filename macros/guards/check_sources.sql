{#
    Run start: stops the run when a source table of a listed subject is absent, or lacks a column that
    the key or a scored policy needs. Everything else in the table is optional.
#}
{% macro check_sources() %}
    {%- if execute and customer_health.subject_is_built('account_health') -%}
        {%- set table = source('raw', 'salesforce__customer_360_view') -%}
        {%- set relation = adapter.get_relation(table.database, table.schema, table.identifier) -%}
        {%- if relation is none -%}
            {{- customer_health.raise_error(
                'source table ' ~ table.schema ~ '.' ~ table.identifier, 'does not exist',
                'load it (customer-health load DIR) or take account_health out of customer_health_subjects'
            ) -}}
        {%- endif -%}
        {%- set present = customer_health.source_columns(relation) -%}
        {%- for column, reason in customer_health.required_account_columns().items() if column not in present -%}
            {{- customer_health.raise_error(
                'source table ' ~ table.schema ~ '.' ~ table.identifier,
                'lacks the column ' ~ column ~ ', which ' ~ reason ~ ' needs',
                'add the column, or change the policy'
            ) -}}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{# The columns that a key or a scored policy needs -> what needs each. #}
{% macro required_account_columns() %}
    {%- set required = {'account_id': 'the key'} -%}
    {%- for policy in customer_health.policies() -%}
        {%- set reason = 'policy ' ~ policy.name -%}
        {%- for metric in policy.metrics -%}
            {%- if metric.metric == 'size_points' -%}
                {%- do required.setdefault('account_size_segment', reason) -%}
            {%- elif metric.metric == 'contact_email_coverage' -%}
                {%- do required.setdefault('total_contacts', reason) -%}
                {%- do required.setdefault('contacts_with_email', reason) -%}
            {%- else -%}
                {%- do required.setdefault(metric.metric, reason) -%}
            {%- endif -%}
            {%- if metric.peer_group is not none -%}
                {%- do required.setdefault(
                    'industry_normalized' if metric.peer_group == 'industry' else metric.peer_group, reason
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for part in policy.forecast.parts.values() -%}
            {%- do required.setdefault(part.amount, reason) -%}
            {%- if part.get('per_account_age') -%}{%- do required.setdefault('account_age_days', reason) -%}{%- endif -%}
            {%- if part.get('times_win_rate') -%}{%- do required.setdefault('win_rate_percentage', reason) -%}{%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- return(required) -}}
{% endmacro %}
