-- Grain: one source row without a key, or one key that the source holds more than once (losers folded).
-- noqa: disable=LT02
{{ config(
    enabled=customer_health.subject_is_built('account_health') or customer_health.subject_is_built('conversion')
) }}

{%- set conversion_is_built = customer_health.subject_is_built('conversion') %}

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
{{ 'union all' if conversion_is_built }}
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
{{ 'union all' if not loop.last }}
{% endfor %}
{%- endif %}
