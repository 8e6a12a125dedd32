{#
    The refused and contradictory values of a source's accepted rows, as a whole SELECT: source, key,
    column_name, value (as text), reason_code. cleaned: one of cleaned_*_tables.
#}
{% macro refused_values(cleaned) %}
    {%- set columns = cleaned.columns -%}
    {%- set kinds = cleaned.kinds -%}
    {%- set labels = cleaned.labels -%}
    {%- set findings = [] -%}
    {%- for column, rule in columns.items() if rule not in ['text', 'key'] -%}
        {%- do findings.append({
            'column': column,
            'value': column,
            'condition': customer_health.is_refused(column, rule, kinds[column]),
            'reason_code': customer_health.finding_code(column, rule, kinds[column]),
        }) -%}
    {%- endfor -%}
    {%- for contradiction in cleaned.contradictions -%}
        {%- do findings.append({
            'column': contradiction.column,
            'value': contradiction.column,
            'condition': contradiction.condition,
            'reason_code': 'case when ' ~ contradiction.condition ~ " then '" ~ contradiction.reason_code ~ "' end",
        }) -%}
    {%- endfor -%}
    {%- set label_columns = labels.keys() | select('in', columns) | list -%}
    {%- for column in label_columns -%}
        {%- do findings.append({
            'column': column,
            'value': column,
            'condition': column ~ '__known is null',
            'reason_code': 'case when ' ~ column ~ '__known is null then case when '
                ~ customer_health.is_nothing(column, kinds[column])
                ~ " then 'missing_label' else 'unknown_label' end end",
        }) -%}
    {%- endfor -%}
    {%- if not findings -%}
        {%- set text = customer_health.type_text() -%}
        {{- return(customer_health.rows_as_table(
            {'source': text, 'key': text, 'column_name': text, 'value': text, 'reason_code': text}, []
        )) -}}
    {%- endif -%}

with accepted as (

    select * from {{ cleaned.rows }}

),

labelled as (

    select
        accepted.*
        {%- for column in label_columns %},
        {{ column }}__labels.label as {{ column }}__known
        {%- endfor %}
    from accepted
    {%- for column in label_columns %}
    left join {{ labels[column] }} as {{ column }}__labels
        on lower({{ customer_health.trimmed_text('accepted.' ~ column, kinds[column]) }}) = lower({{ column }}__labels.label)
    {%- endfor %}

),

{{ customer_health.listed_findings('labelled', cleaned.source, cleaned.key, findings) }}
{% endmacro %}

{#
    The last CTEs of a query of findings, and its SELECT: each finding of each row. rows: a CTE or relation.
    findings: blocks with column (name to show), value (its SQL), condition, reason_code (SQL; NULL where
    there is none). Only rows with something to tell are kept before they are taken apart.
#}
{% macro listed_findings(rows, source_name, key, findings) %}
    {%- set ids = [] -%}
    {%- for finding in findings -%}{%- do ids.append([loop.index]) -%}{%- endfor -%}
flagged as (

    select *
    from {{ rows }}
    where false
        {%- for finding in findings %}
        or {{ finding.condition }}
        {%- endfor %}

),

numbered as (
    {{ customer_health.rows_as_table({'finding': 'integer'}, ids) | indent(4) }}
),

findings as (

    select
        {{ key }} as key,
        case numbered.finding
            {%- for finding in findings %}
            when {{ loop.index }} then '{{ finding.column }}'
            {%- endfor %}
        end as column_name,
        case numbered.finding
            {%- for finding in findings %}
            when {{ loop.index }} then cast({{ finding.value }} as {{ customer_health.type_text() }})
            {%- endfor %}
        end as value,
        case numbered.finding
            {%- for finding in findings %}
            when {{ loop.index }} then {{ finding.reason_code }}
            {%- endfor %}
        end as reason_code
    from flagged
    cross join numbered

)

select
    '{{ source_name }}' as source,
    key,
    column_name,
    value,
    reason_code
from findings
where reason_code is not null
{% endmacro %}
