-- Grain: one source row without a key, or one key that the source holds more than once (losers folded).
-- noqa: disable=LT02
{{ config(
    enabled=customer_health.any_subject_is_built()
) }}

{%- set text = customer_health.type_text() %}
{%- set trajectory_is_built = customer_health.subject_is_built('trajectory') %}
{%- set conversion_is_built = customer_health.subject_is_built('conversion') %}
{%- set customer_success_is_built = customer_health.subject_is_built('customer_success') %}
{%- set actions_is_built = customer_health.subject_is_built('actions') %}
{%- set learning_is_built = customer_health.subject_is_built('learning') %}

{% if customer_health.subject_is_built('account_health') -%}
select
    'salesforce__customer_360_view' as source,
    cast(null as {{ customer_health.type_text() }}) as key,
    'missing_key' as reason_code,
    'account_id is empty' as reason,
    cast(1 as bigint) as row_count,
    row_text
from {{ ref('base_salesforce__accounts_set_aside') }}
where key is null

union all

-- The text shown is that of the best row among those left out.
select
    'salesforce__customer_360_view' as source,
    key,
    'duplicate_key' as reason_code,
    'account_id occurs more than once; the most complete, most recently active row is kept' as reason,
    count(*) as row_count,
    max(case when row_rank = 2 then row_text end) as row_text
from {{ ref('base_salesforce__accounts_set_aside') }}
where row_rank > 1
group by key
{{ 'union all' if trajectory_is_built or conversion_is_built or customer_success_is_built }}
{% endif -%}

{% if trajectory_is_built -%}
-- Of the dated snapshots those that this run scored; keys are `<account_id> on <as_of_date>`.
select
    'salesforce__customer_360_history' as source,
    key || ' on ' || cast(as_of_date as {{ text }}) as key,
    case when key is null then 'missing_key' else 'duplicate_key' end as reason_code,
    case
        when key is null then 'account_id is empty'
        else 'account_id occurs more than once on this date; the most complete, most recently active row is kept'
    end as reason,
    count(*) as row_count,
    max(case when row_rank = 2 or key is null then row_text end) as row_text
from {{ ref('base_salesforce__snapshot_rows') }}
where row_rank is null
    or row_rank > 1
-- What has no key stays apart.
group by as_of_date, key, case when key is null then row_text end
{%- set snapshots = source('history', 'salesforce__customer_360_history') %}
{%- if customer_health.optional_source_exists(snapshots) %}
{%- set day = customer_health.snapshot_date(snapshots) %}

union all

-- Rows without a day, and those of days to come, folded by what the column says.
select
    'salesforce__customer_360_history' as source,
    cast(null as {{ text }}) as key,
    case when {{ day }} is null then 'impossible_date' else 'after_as_of_date' end as reason_code,
    case
        when {{ day }} is null then 'as_of_date is no day of the calendar since 1000'
        else 'as_of_date is after the setting as_of_date'
    end as reason,
    count(*) as row_count,
    'as_of_date ' || coalesce(cast(as_of_date as {{ text }}), 'is empty') as row_text
from {{ snapshots }}
where {{ day }} is null
    or {{ day }} > {{ customer_health.as_of_date() }}
group by as_of_date
{%- endif %}
{{ 'union all' if conversion_is_built or customer_success_is_built }}
{% endif -%}

{% if conversion_is_built -%}
{% for name, model in customer_health.customer360_row_models().items() -%}
{%- set table = customer_health.customer360_table(name) -%}
select
    '{{ table.name }}' as source,
    key,
    case when key is null then 'missing_key' else 'duplicate_key' end as reason_code,
    case
        when key is null then '{{ table.key }} is empty'
        else '{{ table.key }} occurs more than once; the {{ 'latest' if table.latest else 'first' }} row is kept'
    end as reason,
    case when key is null then 1 else row_count - 1 end as row_count,
    row_text
from {{ ref(model) }}
where key is null
    or row_rank = 2
{{ 'union all' if not loop.last or customer_success_is_built }}
{% endfor %}
{%- endif %}

{% if customer_success_is_built -%}
{%- set reasons = {
    'unparsable': 'the record is no JSON',
    'not_an_object': 'the record is no JSON object',
    'missing_key': 'customer_id is empty',
    'impossible_date': 'month is no day of the calendar since 1900',
    'after_as_of_date': 'month is after as_of_date',
    'duplicate_key': 'the key occurs more than once; the last one is kept',
} -%}
{%- set sources = {} -%}
{%- for tool in customer_health.customer_success_tools() -%}
{%- do sources.update({
    'customer_success__' ~ tool: {'rows': 'base_customer_success__' ~ tool ~ '_records', 'key': 'key', 'order': 'record_number'},
}) -%}
{%- endfor -%}
{%- do sources.update({'customer_success__monthly_arr': {
    'rows': 'base_customer_success__monthly_arr_rows',
    'key': "customer_id || coalesce(' ' || substr(cast(day as " ~ customer_health.type_text() ~ "), 1, 7), '')",
    'order': customer_health.byte_order('rejected_text'),
}}) -%}
{% for source_name, table in sources.items() -%}
select
    '{{ source_name }}' as source,
    key,
    rejection as reason_code,
    case rejection
        {%- for code, reason in reasons.items() %}
        when '{{ code }}' then '{{ reason }}'
        {%- endfor %}
    end as reason,
    count(*) as row_count,
    max(case when place = 1 or rejection <> 'duplicate_key' then rejected_text end) as row_text
from (
    select
        {{ table.key }} as key,
        rejection,
        rejected_text,
        row_number() over (partition by {{ table.key }}, rejection order by {{ table.order }} desc) as place
    from {{ ref(table.rows) }}
    where rejection is not null
) as rejected
-- Duplicates fold into one row per key; what has no key stays apart.
group by key, rejection, case when rejection <> 'duplicate_key' then place end
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endif %}
{% if customer_health.signals_are_built() -%}
union all

select
    'account_mapping' as source,
    key,
    rejection as reason_code,
    case rejection
        when 'missing_key' then 'account_id is empty, or customer_id and primary_email both are'
        else 'the row occurs more than once; one is kept'
    end as reason,
    count(*) as row_count,
    max(case when place = 1 or rejection <> 'duplicate_key' then rejected_text end) as row_text
from (
    select
        account_id || coalesce(' ' || customer_id, '') || coalesce(' ' || primary_email, '') as key,
        rejection,
        rejected_text,
        row_number() over (
            partition by rejection, account_id, customer_id, primary_email
            order by {{ customer_health.byte_order('rejected_text') }} desc
        ) as place
    from {{ ref('base_mapping__account_rows') }}
    where rejection is not null
) as rejected
group by key, rejection, case when rejection <> 'duplicate_key' then place end
{%- endif %}

{% if actions_is_built -%}
union all

select
    'account_outcomes' as source,
    key,
    rejection as reason_code,
    case rejection
        when 'missing_key' then 'account_id is empty'
        when 'impossible_date' then 'outcome_date is no day of the calendar since 1900'
        when 'after_as_of_date' then 'outcome_date is after as_of_date'
        when 'unknown_outcome' then 'outcome is none of churned, renewed, contracted and expanded'
        when 'duplicate_key' then 'account, day and outcome occur more than once; the highest ARR is kept'
    end as reason,
    count(*) as row_count,
    max(case when place = 1 or rejection <> 'duplicate_key' then rejected_text end) as row_text
from (
    select
        rejection,
        rejected_text,
        key,
        row_number() over (
            partition by key, rejection order by {{ customer_health.byte_order('rejected_text') }} desc
        ) as place
    from (
        select
            account_id
            || coalesce(' ' || cast(outcome_date as {{ customer_health.type_text() }}), '')
            || coalesce(' ' || outcome, '') as key,
            rejection,
            rejected_text
        from {{ ref('base_outcomes__account_outcome_rows') }}
        where rejection is not null
    ) as keyed
) as rejected
group by key, rejection, case when rejection <> 'duplicate_key' then place end
{%- endif %}

{% if learning_is_built -%}
union all

-- One row per reason and day: a table of signals may hold many days to come.
select
    'account_signals' as source,
    cast(null as {{ text }}) as key,
    rejection as reason_code,
    case rejection
        when 'missing_key' then 'account_id or signal is empty'
        when 'impossible_date' then 'as_of_date is no day of the calendar since 1900'
        when 'after_as_of_date' then 'as_of_date is after the setting as_of_date'
    end as reason,
    count(*) as row_count,
    max(case when place = 1 then row_text end) as row_text
from (
    select
        rejection,
        as_of_date,
        row_text,
        row_number() over (
            partition by rejection, as_of_date order by {{ customer_health.byte_order('row_text') }}
        ) as place
    from {{ ref('base_learning__account_signal_rows') }}
    where rejection is not null
) as rejected
group by rejection, as_of_date

union all

select
    'account_interventions' as source,
    key,
    rejection as reason_code,
    case rejection
        when 'missing_key' then 'account_id or play is empty'
        when 'impossible_date' then 'started_on is no day of the calendar since 1900'
        when 'after_as_of_date' then 'started_on is after as_of_date'
        when 'not_a_flag' then 'is_hold_out is neither true nor false'
        when 'unknown_outcome' then 'outcome is none of saved and lost'
        when 'duplicate_key' then 'the row occurs more than once; the one that claims less is kept'
    end as reason,
    count(*) as row_count,
    max(case when place = 1 or rejection <> 'duplicate_key' then rejected_text end) as row_text
from (
    select
        rejection,
        rejected_text,
        key,
        row_number() over (
            partition by key, rejection order by {{ customer_health.byte_order('rejected_text') }} desc
        ) as place
    from (
        select
            account_id
            || coalesce(' ' || cast(started_on as {{ customer_health.type_text() }}), '')
            || coalesce(' ' || play, '')
            || coalesce(' ' || scenario, '') as key,
            rejection,
            rejected_text
        from {{ ref('base_learning__intervention_rows') }}
        where rejection is not null
    ) as keyed
) as rejected
group by key, rejection, case when rejection <> 'duplicate_key' then place end
{%- endif %}
