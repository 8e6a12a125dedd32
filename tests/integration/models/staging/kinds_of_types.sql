-- Grain: one type of a source column, with the kind that the cleaning rules know.

{%- set types = [
    'VARCHAR', 'text', 'DOUBLE', 'double precision', 'FLOAT', 'real', 'BIGINT', 'int4', 'HUGEINT',
    'DECIMAL(18,3)', 'numeric', 'BOOLEAN', 'bool', 'DATE', 'TIMESTAMP', 'timestamp with time zone',
    'timestamptz', 'timestamp_ntz',
    'TIMESTAMP_NS', 'interval', 'UUID',
] %}

{%- for type in types %}
select
    '{{ type }}' as type,
    '{{ customer_health.kind_of_type(type) }}' as kind
{{ 'union all' if not loop.last }}
{%- endfor %}
