-- Known answers of leading_date, as strptime('%Y-%m-%d') reads the first ten characters.
{{ config(group='customer_health', enabled=customer_health.subject_is_built('customer_success')) }}

{%- set answers = [
    ['2026-07-01', '2026-07-01'], ['2026-7-1', '2026-07-01'], ['2026-07-01T23:59:59Z', '2026-07-01'],
    ['2024-02-29', '2024-02-29'], ['2026-02-29', none], ['2026-13-01', none], ['2026-07-32', none], ['2026-00-10', none],
    ['2026-7-1T00', none], [' 2026-07-01', none], [' 2026-7-1', none],
    ['2026 -7-1', none], ['0001-01-01', none], ['2026-07- 5', '2026-07-05'], ['2026-07-5 ', none], ['2026-123-1', none],
    ['2026-7-1-', none], ['2026/07/01', none], ['26-07-01', none], ['soon', none], ['', none], ['2026-07', none],
    ['2026-12-31 and more', '2026-12-31'], ['2026-1-31', '2026-01-31'],
] %}

with answers as (

    {%- for text, day in answers %}
    select
        {{ customer_health.text_literal(text) }} as written,
        cast({{ customer_health.text_literal(day) if day else 'null' }} as date) as expected
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

read_dates as (

    select
        written,
        expected,
        {{ customer_health.leading_date('written') }} as observed
    from answers

)

select
    written,
    expected,
    observed
from read_dates
where coalesce(expected, cast('1000-01-01' as date)) <> coalesce(observed, cast('1000-01-01' as date))
