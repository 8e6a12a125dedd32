{#
    The records of a customer-success table with the tokens of their fields, as a whole SELECT: every
    source row, one column per field. A section is told by the first character of its token alone ('{'
    for an object), but for product_usage, whose members are taken apart later.
#}
{% macro customer_success_records(tool) %}
    {%- set fields = customer_health.customer_success_fields(tool) -%}
    {%- set paths = ['unparsable'] + fields.values() | map(attribute='path') | list -%}

with source_rows as (

    select
        cast(record_number as bigint) as record_number,
        cast(document as {{ customer_health.type_text() }}) as document
    from {{ source('customer_success', 'customer_success__' ~ tool) }}

),

parsed as (

    select
        record_number,
        document,
        left(ltrim(document), 1) = '{' as is_object,
        {{ customer_health.parsed_json('document', paths) }} as parsed
    from source_rows
    {{ customer_health.computed_once() }}

),

tokens as (

    select
        record_number,
        document,
        parsed is not null as is_json,
        is_object,
        {{ customer_health.json_token('parsed', 'unparsable', paths) }} as unparsable
        {%- for column, field in fields.items() %},
        {%- if field.rule == 'section' and column != 'product_usage' %}
        left({{ customer_health.json_token('parsed', field.path, paths) }}, 1) as {{ column }}
        {%- elif column == 'product_usage' %}
        {{ customer_health.ordered_json_token('document', 'parsed', field.path, paths) }} as {{ column }}
        {%- else %}
        {{ customer_health.json_token('parsed', field.path, paths) }} as {{ column }}
        {%- endif %}
        {%- endfor %}
    from parsed
    {{ customer_health.computed_once() }}

),

keyed as (

    select
        tokens.*,
        case
            -- The loader writes this key alone; beside an id it is a field of the record.
            when not is_json or (unparsable is not null and customer_id is null) then 'unparsable'
            when not is_object then 'not_an_object'
            when {{ customer_health.json_key('customer_id') }} is null then 'missing_key'
        end as rejection,
        {{ customer_health.json_key('customer_id') }} as key
    from tokens
    {{ customer_health.computed_once() }}

),

ids as (

    select
        record_number,
        {{ customer_health.parsed_json('document', ['customer_id']) }} as parsed
    from source_rows
    {{ customer_health.computed_once() }}

),

id_tokens as (

    select
        record_number,
        {{ customer_health.json_token('parsed', 'customer_id', ['customer_id']) }} as customer_id
    from ids
    {{ customer_health.computed_once() }}

),

-- Few customers are there twice: to find these alone is cheaper than a window over all wide rows.
repeated as (

    select
        {{ customer_health.json_key('customer_id') }} as key,
        max(record_number) as last_record_number
    from id_tokens
    group by {{ customer_health.json_key('customer_id') }}
    having count(*) > 1

)

select
    keyed.record_number,
    keyed.key,
    case
        when keyed.rejection is not null then keyed.rejection
        when keyed.record_number < repeated.last_record_number then 'duplicate_key'
    end as rejection,
    -- Of accepted records, whose fields follow, nobody reads the whole text again.
    case
        when keyed.rejection is not null or keyed.record_number < repeated.last_record_number then keyed.document
    end as rejected_text
    {%- for column in fields if column != 'customer_id' %},
    keyed.{{ column }}
    {%- endfor %}
from keyed
left join repeated
    on keyed.key = repeated.key
{% endmacro %}

{# The customer that a token names: a text, trimmed, or a number as written. NULL for anything else. #}
{% macro json_key(token) %}
    {{- return(
        'nullif(case when ' ~ token ~ " like '\"%' then " ~ customer_health.key_text(customer_health.json_text(token))
        ~ ' when ' ~ customer_health.json_double(token) ~ ' is not null then ' ~ token ~ " end, '')"
    ) -}}
{% endmacro %}
