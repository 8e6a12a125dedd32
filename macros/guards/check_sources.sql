{#
    Run start: stops the run when a source table of a listed subject is absent, or lacks a column that
    the key or a scored policy needs. Everything else in the table is optional.
#}
{% macro check_sources() %}
    {%- if execute -%}
        {%- if customer_health.subject_is_built('account_health') -%}
            {%- do customer_health.check_source_table(
                source('raw', 'salesforce__customer_360_view'), 'account_health',
                customer_health.required_account_columns()
            ) -%}
            {%- do customer_health.base_currency() -%}
        {%- endif -%}
        {%- set snapshots = source('history', 'salesforce__customer_360_history') -%}
        {%- if customer_health.subject_is_built('trajectory') and customer_health.optional_source_exists(snapshots) -%}
            {%- do customer_health.check_source_table(
                snapshots, 'trajectory', {'as_of_date': 'the key', 'account_id': 'the key'}
            ) -%}
            {%- if customer_health.slices().snapshots_to_score -%}
                {%- do customer_health.check_source_table(
                    snapshots, 'trajectory', customer_health.required_account_columns()
                ) -%}
            {%- endif -%}
        {%- endif -%}
        {%- if customer_health.subject_is_built('conversion') -%}
            {%- for name, columns in customer_health.required_customer360_columns().items() -%}
                {%- do customer_health.check_source_table(
                    source('customer360', 'customer360__' ~ name), 'conversion', columns
                ) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- if customer_health.subject_is_built('customer_success') -%}
            {%- for name, columns in customer_health.required_customer_success_columns().items() -%}
                {%- do customer_health.check_source_table(
                    source('customer_success', 'customer_success__' ~ name), 'customer_success', columns
                ) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# Stops the run unless the table is there with the columns; `columns`: column -> what needs it. #}
{% macro check_source_table(table, subject, columns) %}
    {%- set relation = adapter.get_relation(table.database, table.schema, table.identifier) -%}
    {%- if relation is none -%}
        {{- customer_health.raise_error(
            'source table ' ~ table.schema ~ '.' ~ table.identifier, 'does not exist',
            'load it (customer-health load DIR) or take ' ~ subject ~ ' out of customer_health_subjects'
        ) -}}
    {%- endif -%}
    {%- set present = customer_health.source_columns(relation) -%}
    {%- for column, reason in columns.items() if column not in present -%}
        {{- customer_health.raise_error(
            'source table ' ~ table.schema ~ '.' ~ table.identifier,
            'lacks the column ' ~ column ~ ', which ' ~ reason ~ ' needs',
            'add the column, or change the policy' if subject == 'account_health'
            else 'add the column, or take ' ~ subject ~ ' out of customer_health_subjects'
        ) -}}
    {%- endfor -%}
    {%- for column, reason in columns.items() if reason == 'the key' and present[column] == 'double' -%}
        {%- set beyond = run_query(
            'select count(*) from ' ~ relation ~ ' where abs(' ~ column ~ ') >= 9007199254740992 and abs(' ~ column ~ ') < 1e300'
        )[0][0] -%}
        {%- if beyond -%}
            {{- customer_health.raise_error(
                'source table ' ~ table.schema ~ '.' ~ table.identifier,
                'has ' ~ beyond ~ ' numbers beyond 2^53 in ' ~ column ~ ', where a double stands for several ids',
                'export the column as text'
            ) -}}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}

{# The columns that the keys and the cohort need: table of customer360 -> column -> what needs it. #}
{% macro required_customer360_columns() %}
    {%- set cohort = 'the special-conversion cohort' -%}
    {{- return({
        'customer_activity_metrics': {'primary_email': 'the key', 'composite_engagement_score': cohort},
        'conversion_funnel_analysis': {
            'primary_email': 'the key', 'marketing_to_sales_days': cohort, 'sales_to_support_days': cohort,
        },
        'customer_value_analysis': {'primary_email': 'the key'},
        'address': {'customer360_id': 'the key'},
        'mapping': {'customer360_id': 'the key'},
    }) -}}
{% endmacro %}

{# The columns that the records and the months need: table of customer_success -> column -> what needs it. #}
{% macro required_customer_success_columns() %}
    {%- set record = {'record_number': 'the order of the records', 'document': 'every figure'} -%}
    {{- return({
        'health': record, 'churn': record, 'expansion': record,
        'monthly_arr': {'customer_id': 'the key', 'month': 'the key', 'arr': 'retention'},
    }) -}}
{% endmacro %}

{# The columns that a key or a scored policy needs -> what needs each. #}
{% macro required_account_columns() %}
    {%- set required = {'account_id': 'the key'} -%}
    {%- for policy in customer_health.policies() -%}
        {%- set reason = 'policy ' ~ policy.name -%}
        {%- for metric in policy.metrics -%}
            {%- if metric.metric == 'size_points' -%}
                {%- do required.setdefault('account_size_segment', reason) -%}
            {%- elif metric.source_column == 'contact_email_coverage' -%}
                {%- do required.setdefault('total_contacts', reason) -%}
                {%- do required.setdefault('contacts_with_email', reason) -%}
            {%- elif metric.source_column == metric.metric -%}
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
