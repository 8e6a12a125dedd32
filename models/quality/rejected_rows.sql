-- Grain: one source row without a key, or one key that the source holds more than once (losers folded).
{{ config(
    enabled=customer_health.any_subject_is_built()
) }}

{%- set text = customer_health.type_text() %}
{%- set parts = [] %}
{%- if customer_health.subject_is_built('account_health') %}
{%- do parts.append(customer_health.account_rejections()) %}
{%- do parts.append(customer_health.flagged_rejections(
    'exchange_rates',
    ref('base_salesforce__exchange_rate_rows'),
    "currency || coalesce(' ' || cast(valid_from as " ~ text ~ "), '')",
    {
        'missing_key': 'currency is empty',
        'impossible_date': 'valid_from is no day of the calendar since 1000',
        'impossible_rate': 'rate_to_base is not above 0',
        'duplicate_key': 'currency and day occur more than once; the lowest rate is kept',
    }
)) %}
{%- endif %}
{%- if customer_health.subject_is_built('trajectory') %}
{%- set snapshots = source('history', 'salesforce__customer_360_history') %}
{%- do parts.append(customer_health.snapshot_rejections()) %}
{%- if customer_health.optional_source_exists(snapshots) %}
{%- do parts.append(customer_health.snapshot_day_rejections(snapshots)) %}
{%- endif %}
{%- endif %}
{%- if customer_health.subject_is_built('conversion') %}
{%- for name, model in customer_health.customer360_row_models().items() %}
{%- do parts.append(customer_health.customer360_rejections(customer_health.customer360_table(name), ref(model))) %}
{%- endfor %}
{%- endif %}
{%- if customer_health.subject_is_built('customer_success') %}
{%- set reasons = {
    'unparsable': 'the record is no JSON',
    'not_an_object': 'the record is no JSON object',
    'missing_key': 'customer_id is empty',
    'impossible_date': 'month is no day of the calendar since 1900',
    'after_as_of_date': 'month is after as_of_date',
    'duplicate_key': 'the key occurs more than once; the last one is kept',
} %}
{%- for tool in customer_health.customer_success_tools() %}
{%- do parts.append(customer_health.flagged_rejections(
    'customer_success__' ~ tool,
    ref('base_customer_success__' ~ tool ~ '_records'),
    'key',
    reasons,
    order='record_number'
)) %}
{%- endfor %}
{%- do parts.append(customer_health.flagged_rejections(
    'customer_success__monthly_arr',
    ref('base_customer_success__monthly_arr_rows'),
    "customer_id || coalesce(' ' || substr(cast(day as " ~ text ~ "), 1, 7), '')",
    reasons
)) %}
{%- endif %}
{%- if customer_health.signals_are_built() %}
{%- do parts.append(customer_health.flagged_rejections(
    'account_mapping',
    ref('base_mapping__account_rows'),
    "account_id || coalesce(' ' || customer_id, '') || coalesce(' ' || primary_email, '')",
    {
        'missing_key': 'account_id is empty, or customer_id and primary_email both are',
        'duplicate_key': 'the row occurs more than once; one is kept',
    }
)) %}
{%- endif %}
{%- if customer_health.subject_is_built('actions') %}
{%- do parts.append(customer_health.flagged_rejections(
    'account_outcomes',
    ref('base_outcomes__account_outcome_rows'),
    "account_id || coalesce(' ' || cast(outcome_date as " ~ text ~ "), '') || coalesce(' ' || outcome, '')",
    {
        'missing_key': 'account_id is empty',
        'impossible_date': 'outcome_date is no day of the calendar since 1900',
        'after_as_of_date': 'outcome_date is after as_of_date',
        'unknown_outcome': 'outcome is none of churned, renewed, contracted and expanded',
        'duplicate_key': 'account, day and outcome occur more than once; the highest ARR is kept',
    }
)) %}
{%- endif %}
{%- if customer_health.subject_is_built('learning') %}
{%- do parts.append(customer_health.signal_rejections()) %}
{%- do parts.append(customer_health.flagged_rejections(
    'account_interventions',
    ref('base_learning__intervention_rows'),
    "account_id || coalesce(' ' || cast(started_on as " ~ text ~ "), '') || coalesce(' ' || play, '')"
    ~ " || coalesce(' ' || scenario, '')",
    {
        'missing_key': 'account_id or play is empty',
        'impossible_date': 'started_on is no day of the calendar since 1900',
        'after_as_of_date': 'started_on is after as_of_date',
        'not_a_flag': 'is_hold_out is neither true nor false',
        'unknown_outcome': 'outcome is none of saved and lost',
        'duplicate_key': 'the row occurs more than once; the one that claims less is kept',
    }
)) %}
{%- endif %}

{{ parts | join('\nunion all\n\n') }}
