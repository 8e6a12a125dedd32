-- Fails for each warning rule that could never fire: a bound that is no number, a comparison that does not fit its
-- field; and for a field whose rules disagree about its position.
{{ config(group='customer_health', enabled=customer_health.subject_is_built('customer_success')) }}

with numeric_fields as (

    {%- set fields = [] %}
    {%- for block in customer_health.churn_signals().values() %}
    {%- for field, measure in block.measures.items() if measure.kind in ['number', 'steps'] %}
    {%- do fields.append([customer_health.sql_literal(field)]) %}
    {%- endfor %}
    {%- endfor %}
    {{ customer_health.rows_as_table({'source': customer_health.type_text()}, fields) | indent(4) }}

),

positions as (

    select
        source,
        min(position) as first_position
    from {{ ref('customer_success_warning_rules') }}
    group by source

)

select
    rules.source as row_key,
    rules.severity,
    rules.comparison,
    rules.threshold,
    rules.position
from {{ ref('customer_success_warning_rules') }} as rules
inner join positions
    on rules.source = positions.source
left join numeric_fields
    on rules.source = numeric_fields.source
where
    rules.position <> positions.first_position
    or (numeric_fields.source is null) <> (rules.comparison = 'equals')
    or (rules.comparison <> 'equals' and {{ customer_health.text_to_double('rules.threshold') }} is null)
