{#
    How many smaller values lie below each distinct value, as a whole SELECT. `value_counts` names a
    CTE with one row per combination of `keys` and distinct `value`, and its value_count; it gets the
    columns smaller_count, total_count and distinct_count (of the whole combination of keys).

    Two steps, so that no engine has to sort all values of one combination in one place: counts per
    bucket of neighbouring values first, then the values inside each bucket.
#}
{% macro smaller_counts(value_counts, keys, value) %}
    {%- set keys = keys | join(', ') %}
with bucketed as (

    select
        {{ keys }},
        {{ value }},
        value_count,
        {{ customer_health.value_bucket(value) }} as value_bucket
    from {{ value_counts }}

),

buckets as (

    select
        {{ keys }},
        value_bucket,
        sum(value_count) as bucket_count,
        count(*) as bucket_distinct_count
    from bucketed
    group by {{ keys }}, value_bucket

),

bucket_starts as (

    select
        {{ keys }},
        value_bucket,
        sum(bucket_count) over (
            partition by {{ keys }}
            order by value_bucket
            rows between unbounded preceding and current row
        ) - bucket_count as bucket_start,
        sum(bucket_count) over (partition by {{ keys }}) as total_count,
        sum(bucket_distinct_count) over (partition by {{ keys }}) as distinct_count
    from buckets

),

inside_buckets as (

    select
        {{ keys }},
        {{ value }},
        value_count,
        value_bucket,
        sum(value_count) over (
            partition by {{ keys }}, value_bucket
            order by {{ value }}
            rows between unbounded preceding and current row
        ) - value_count as smaller_in_bucket
    from bucketed

)

select
    {% for key in keys.split(', ') %}inside_buckets.{{ key }},
    {% endfor -%}
    inside_buckets.{{ value }},
    inside_buckets.value_count,
    bucket_starts.bucket_start + inside_buckets.smaller_in_bucket as smaller_count,
    bucket_starts.total_count,
    bucket_starts.distinct_count
from inside_buckets
inner join bucket_starts
    on inside_buckets.value_bucket = bucket_starts.value_bucket
    {%- for key in keys.split(', ') %}
    and inside_buckets.{{ key }} = bucket_starts.{{ key }}
    {%- endfor %}
{%- endmacro %}

{#
    A number that never falls as the value grows, the same for neighbours: 16 up to 1, 506 up to a
    million, 157,000 up to 2^53. Square roots, because these alone are rounded alike everywhere.
#}
{% macro value_bucket(value) %}
    {{- return(
        'case when ' ~ value ~ ' < 0 then -1 else 1 end * floor(16 * sqrt(sqrt(abs(' ~ value ~ '))))'
    ) -}}
{% endmacro %}
