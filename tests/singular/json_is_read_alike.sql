-- Known answers of the JSON macros: what an engine reads from a document, as one text per answer.
-- noqa: disable=LT02
{{ config(group='customer_health', enabled=customer_health.subject_is_built('customer_success')) }}

{%- set document = '{"whole": 5, "text": "5 \\u00e9 \\"x\\"", "none": null, "yes": true, "no": false,'
    ~ ' "section": {"half": 0.5, "word": ""},'
    ~ ' "members": {"b c": {"deep": [1]}, "a": "A", "d.e": null}, "items": [1, "a", null, [2]], "huge": 1e300}' %}
{%- set paths = [
    'whole', 'text', 'none', 'yes', 'no', 'section.half', 'section.word', 'members', 'items', 'huge', 'absent',
    'section.absent',
] %}

with documents as (

    select {{ customer_health.text_literal(document) }} as document
    union all
    select '[1]' as document

),

parsed as (

    select
        document,
        {{ customer_health.parsed_json('document', paths) }} as parsed
    from documents
    {{ customer_health.computed_once() }}

),

tokens as (

    select
        {{ customer_health.json_token('parsed', 'whole', paths) }} as whole_token,
        {{ customer_health.json_token('parsed', 'text', paths) }} as text_token,
        {{ customer_health.json_token('parsed', 'none', paths) }} as none_token,
        {{ customer_health.json_token('parsed', 'yes', paths) }} as yes_token,
        {{ customer_health.json_token('parsed', 'no', paths) }} as no_token,
        {{ customer_health.json_token('parsed', 'section.half', paths) }} as half_token,
        {{ customer_health.json_token('parsed', 'section.word', paths) }} as word_token,
        {{ customer_health.ordered_json_token('document', 'parsed', 'members', paths) }} as members_token,
        {{ customer_health.json_token('parsed', 'items', paths) }} as items_token,
        {{ customer_health.json_token('parsed', 'huge', paths) }} as huge_token,
        {{ customer_health.json_token('parsed', 'absent', paths) }} as absent_token,
        {{ customer_health.json_token('parsed', 'section.absent', paths) }} as absent_in_section_token
    from parsed
    {{ customer_health.computed_once() }}

),

members as (
    {{ customer_health.json_members('tokens', ['whole_token'], 'members_token') | indent(4) }}
),

items as (
    {{ customer_health.json_items('tokens', ['whole_token'], 'items_token') | indent(4) }}
),

answers as (

    select
        'tokens' as question,
        concat_ws(
            '|', whole_token, none_token, yes_token, no_token, half_token, word_token,
            coalesce(absent_token, 'absent'), coalesce(absent_in_section_token, 'absent')
        ) as observed,
        '5|null|true|false|0.5|""|absent|absent' as expected
    from tokens
    where whole_token is not null
    union all
    select
        'text' as question,
        {{ customer_health.json_text('text_token') }} as observed,
        '5 é "x"' as expected
    from tokens
    where whole_token is not null
    union all
    select
        'values' as question,
        concat_ws(
            '|',
            case when {{ customer_health.json_number('whole_token') }} = 5 then 'five' end,
            case when {{ customer_health.json_number('yes_token') }} = 1 then 'one' end,
            case when {{ customer_health.json_number('no_token') }} = 0 then 'zero' end,
            case when {{ customer_health.json_number('huge_token') }} is null then 'too large' end,
            case when {{ customer_health.json_number('text_token') }} is null then 'no number' end,
            case when {{ customer_health.json_text('whole_token') }} is null then 'no text' end,
            case when {{ customer_health.json_truth('whole_token') }} then 'true' end,
            case when {{ customer_health.json_truth('text_token') }} then 'true' end,
            case when not {{ customer_health.json_truth('no_token') }} then 'false' end,
            case when not {{ customer_health.json_truth('none_token') }} then 'false' end,
            case when not {{ customer_health.json_truth('word_token') }} then 'false' end,
            case when not {{ customer_health.json_truth('absent_token') }} then 'false' end
        ) as observed,
        'five|one|zero|too large|no number|no text|true|true|false|false|false|false' as expected
    from tokens
    where whole_token is not null
    union all
    select
        'list as document' as question,
        coalesce(max(whole_token), 'no field') as observed,
        'no field' as expected
    from tokens
    where whole_token is null
    union all
    select
        'members' as question,
        concat_ws(
            '|',
            max(case when position = 1 then name end), max(case when position = 1 then token end),
            max(case when position = 2 then name end), max(case when position = 2 then token end),
            max(case when position = 3 then name end), max(case when position = 3 then token end),
            cast(count(*) as {{ customer_health.type_text() }})
        ) as observed,
        'b c|{"deep":[1]}|a|"A"|d.e|null|3' as expected
    from members
    union all
    select
        'items' as question,
        concat_ws(
            '|',
            max(case when position = 1 then token end), max(case when position = 2 then token end),
            max(case when position = 3 then token end), max(case when position = 4 then token end),
            cast(count(*) as {{ customer_health.type_text() }})
        ) as observed,
        '1|"a"|null|[2]|4' as expected
    from items

)

select
    question,
    expected,
    observed
from answers
-- Postgres keeps the blanks of nested values.
where observed is null
    or replace(observed, ' ', '') <> replace(expected, ' ', '')
