-- Grain: one of the two source rows that were accepted.

select id from {{ ref('source_rows') }}
where id <= 2
