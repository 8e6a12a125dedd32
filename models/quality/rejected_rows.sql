-- Grain: one source row without a key, or one key that the source holds more than once (losers folded).
-- noqa: disable=LT02
{{ config(
    enabled=customer_health.any_subject_is_built()
) }}

{%- set conversion_is_built = customer_health.subject_is_built('conversion') %}
{%- set customer_success_is_built = customer_health.subject_is_built('customer_success') %}

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
{% for tool in customer_health.customer_success_tools() -%}
select
    'customer_success__{{ tool }}' as source,
    key,
    rejection as reason_code,
    case rejection
        when 'unparsable' then 'the record is no JSON'
        when 'not_an_object' then 'the record is no JSON object'
        when 'missing_key' then 'customer_id is empty'
        else 'customer_id occurs more than once; the last record is kept'
    end as reason,
    count(*) as row_count,
    -- Of folded duplicates the last is shown, as it is of one record alone.
    max(case when text_rank = 1 then rejected_text end) as row_text
from (
    select
        key,
        rejection,
        rejected_text,
        case when rejection = 'duplicate_key' then 0 else record_number end as folded_by,
        row_number() over (
            partition by key, rejection, case when rejection = 'duplicate_key' then 0 else record_number end
            order by record_number desc
        ) as text_rank
    from {{ ref('base_customer_success__' ~ tool ~ '_records') }}
    where rejection is not null
) as rejected
group by key, rejection, folded_by
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endif %}
