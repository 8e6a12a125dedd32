-- Grain: one segment of the setting, also one without accounts. Medians over the accounts that have the measure.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('actions')) }}

{%- set segments = customer_health.segments() %}
{%- set measures = ['health_score', 'predicted_6m_revenue'] + customer_health.account_metrics() %}
{%- set lowest_band = customer_health.active_policy().bands[-1].band %}
{%- set has_customers = customer_health.subject_is_built('customer_success') %}
{%- set rows = [] %}
{%- for segment in segments %}
{%- do rows.append([
    customer_health.sql_literal(segment.segment), loop.index, customer_health.sql_literal(segment.description),
    segment.review_every_days | int, segment.accounts_per_csm | int,
]) %}
{%- endfor %}

with segments as (
    {{ customer_health.rows_as_table({
        'segment': customer_health.type_text(), 'position': 'bigint', 'description': customer_health.type_text(),
        'review_every_days': 'bigint', 'accounts_per_csm': 'bigint',
    }, rows) | indent(4) }}
),

account_segments as (

    select
        account_id,
        segment
    from {{ ref('account_segments') }}

),

accounts as (

    select * from {{ ref('account_health') }}

),

{% if has_customers -%}
-- A customer of several accounts counts at the first of them.
customers as (

    select
        account_id,
        sum(arr) as arr
    from {{ ref('int_account_customers') }}
    where account_rank = 1
    group by account_id

),

{% endif -%}
measured as (

    select
        account_segments.segment,
        count(*) as account_count,
        count(accounts.health_score) as scored_count,
        count(case when accounts.health_band = '{{ lowest_band }}' then 1 end) as low_health_count,
        count(distinct accounts.owner_id) as owner_count,
        cast(sum(accounts.predicted_6m_revenue) as decimal(38, 6)) as forecast_sum,
        {%- if has_customers %}
        count(customers.arr) as arr_account_count,
        cast(sum(customers.arr) as decimal(38, 6)) as arr_sum
        {%- else %}
        cast(0 as bigint) as arr_account_count,
        cast(null as decimal(38, 6)) as arr_sum
        {%- endif %}
        {%- for measure in measures %},
        {{ customer_health.exact_median('cast(accounts.' ~ measure ~ ' as ' ~ customer_health.type_double() ~ ')') }}
            as median_{{ measure }}
        {%- endfor %}
    from accounts
    inner join account_segments
        on accounts.account_id = account_segments.account_id
    {%- if has_customers %}
    left join customers
        on accounts.account_id = customers.account_id
    {%- endif %}
    group by account_segments.segment

),

-- A part of a manager's capacity is a whole manager.
staffed as (

    select
        segments.*,
        coalesce(measured.account_count, 0) as account_count,
        coalesce(measured.scored_count, 0) as scored_count,
        coalesce(measured.low_health_count, 0) as low_health_count,
        {% if customer_health.personal_data() == 'drop' -%}
        cast(null as bigint) as owner_count,
        {%- else -%}
        coalesce(measured.owner_count, 0) as owner_count,
        {%- endif %}
        {{ customer_health.known_total('measured.forecast_sum', 'measured.account_count') }} as forecast_sum,
        coalesce(measured.arr_account_count, 0) as arr_account_count,
        measured.arr_sum,
        cast(ceil({{ customer_health.safe_divide(
            'coalesce(measured.account_count, 0)', 'segments.accounts_per_csm'
        ) }}) as bigint) as csms_needed
        {%- for measure in measures %},
        measured.median_{{ measure }}
        {%- endfor %}
    from segments
    left join measured
        on segments.segment = measured.segment
    {{ customer_health.computed_once() }}

)

select
    segment,
    position,
    description,
    review_every_days,
    account_count,
    scored_count,
    low_health_count,
    {{ customer_health.to_decimal(customer_health.safe_divide('low_health_count', 'scored_count'), 9) }}
        as low_health_rate,
    forecast_sum as predicted_6m_revenue_total,
    owner_count,
    {{ customer_health.exact_mean('cast(account_count as decimal(28, 6))', 'owner_count') }} as accounts_per_owner,
    {{ customer_health.exact_mean('forecast_sum', 'owner_count') }} as predicted_6m_revenue_per_owner,
    accounts_per_csm,
    csms_needed,
    csms_needed - owner_count as csms_missing,
    {{ customer_health.exact_mean('forecast_sum', 'csms_needed') }} as predicted_6m_revenue_per_csm,
    arr_account_count,
    arr_sum as arr_total,
    {{ customer_health.exact_mean('arr_sum', 'owner_count') }} as arr_per_owner,
    {{ customer_health.exact_mean('arr_sum', 'csms_needed') }} as arr_per_csm
    {%- for measure in measures %},
    {{ customer_health.to_decimal('median_' ~ measure) }} as median_{{ measure }}
    {%- endfor %}
from staffed
