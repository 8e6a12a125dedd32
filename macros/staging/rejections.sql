{#
    Rejected rows, a SELECT per source with the columns of rejected_rows. What has a key folds into one row
    per key; what has none stays apart, so that each can be found.
#}

{# Rows of the account view without an id, and those left out of several with one id. #}
{% macro account_rejections() %}
{%- set text = customer_health.type_text() -%}
select
    'salesforce__customer_360_view' as source,
    cast(null as {{ text }}) as key,
    'missing_key' as reason_code,
    'account_id is empty' as reason,
    cast(1 as bigint) as row_count,
    row_text
from {{ ref('base_salesforce__accounts_set_aside') }}
where key is null
    and not is_deleted_row

union all

select
    'salesforce__customer_360_view' as source,
    key,
    'deleted' as reason_code,
    'the CRM says is_deleted' as reason,
    count(*) as row_count,
    max({{ customer_health.byte_order('row_text') }}) as row_text
from {{ ref('base_salesforce__accounts_set_aside') }}
where is_deleted_row
group by key, case when key is null then row_text end

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
{% endmacro %}

{# Of the dated snapshots those that this run scored; keys are `<account_id> on <as_of_date>`. #}
{% macro snapshot_rejections() %}
select
    'salesforce__customer_360_history' as source,
    key || ' on ' || cast(as_of_date as {{ customer_health.type_text() }}) as key,
    case
        when is_deleted_row then 'deleted'
        when key is null then 'missing_key'
        else 'duplicate_key'
    end as reason_code,
    case
        when is_deleted_row then 'the CRM says is_deleted'
        when key is null then 'account_id is empty'
        else 'account_id occurs more than once on this date; the most complete, most recently active row is kept'
    end as reason,
    count(*) as row_count,
    max(case when row_rank = 2 or row_rank is null then row_text end) as row_text
from {{ ref('base_salesforce__snapshot_rows') }}
where row_rank is null
    or row_rank > 1
group by as_of_date, key, is_deleted_row, case when key is null then row_text end
{% endmacro %}

{# Snapshots without a day, and those of days to come, folded by what the column says. #}
{% macro snapshot_day_rejections(snapshots) %}
{%- set text = customer_health.type_text() -%}
{%- set day = customer_health.snapshot_date(snapshots) -%}
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
{% endmacro %}

{# Rows of a table of the conversion cohort without its key, and those left out of several with one. #}
{% macro customer360_rejections(table, rows) %}
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
from {{ rows }}
where key is null
    or row_rank = 2
{% endmacro %}

{#
    Rows with the columns rejection and rejected_text. key is an expression of theirs, order one by which
    the last of several rows with one key is shown; reasons says what each rejection means.
#}
{% macro flagged_rejections(source_name, rows, key, reasons, order=none) %}
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
        {{ key }} as key,
        rejection,
        rejected_text,
        row_number() over (
            partition by {{ key }}, rejection
            order by {{ order or customer_health.byte_order('rejected_text') }} desc
        ) as place
    from {{ rows }}
    where rejection is not null
) as rejected
group by key, rejection, case when rejection <> 'duplicate_key' then place end
{% endmacro %}

{# Signals by reason and day: a table of signals may hold many days to come. #}
{% macro signal_rejections() %}
select
    'account_signals' as source,
    cast(null as {{ customer_health.type_text() }}) as key,
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
{% endmacro %}
