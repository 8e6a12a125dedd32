{#
    The account view and its snapshots, as far as they are built, with what cleans their columns. Each: source (its
    name), rows (the accepted ones: a relation, or a subquery with an alias), key (SQL), columns (name -> rule, only
    those that are there), kinds (column -> kind), contradictions, labels (column -> relation of the known ones).
#}
{% macro cleaned_salesforce_tables() %}
    {%- set found = [] -%}
    {%- if customer_health.subject_is_built('account_health') -%}
        {%- set kinds = customer_health.source_columns(source('raw', 'salesforce__customer_360_view')) -%}
        {%- do found.append({
            'source': 'salesforce__customer_360_view',
            'rows': ref('base_salesforce__accepted_accounts'),
            'key': customer_health.source_key('account_id', 'account_id', kinds.get('account_id', 'text')),
            'columns': customer_health.present_salesforce_account_columns(),
            'kinds': kinds,
            'contradictions': customer_health.salesforce_account_contradictions(kinds),
            'labels': {},
        }) -%}
    {%- endif -%}
    {%- if customer_health.subject_is_built('trajectory') and customer_health.slices().snapshots_to_score -%}
        {%- set kinds = customer_health.snapshot_columns() -%}
        {%- do found.append({
            'source': 'salesforce__customer_360_history',
            'rows': '(select * from ' ~ ref('base_salesforce__snapshot_rows') ~ ' where row_rank = 1) as kept',
            'key': "key || ' on ' || cast(as_of_date as " ~ customer_health.type_text() ~ ')',
            'columns': customer_health.present_snapshot_columns(),
            'kinds': kinds,
            'contradictions': customer_health.salesforce_account_contradictions(kinds),
            'labels': {},
        }) -%}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}

{# The same of the conversion tables. #}
{% macro cleaned_customer360_tables() %}
    {%- set found = [] -%}
    {%- for name, model in customer_health.customer360_row_models().items() -%}
        {%- set table = customer_health.customer360_table(name) -%}
        {%- set source_table = source('customer360', table.name) -%}
        {%- set labels = {} -%}
        {%- for column, seed in customer_health.customer360_label_seeds(name).items() -%}
            {%- do labels.update({column: ref(seed)}) -%}
        {%- endfor -%}
        {%- do found.append({
            'source': table.name,
            'rows': '(select * from ' ~ ref(model) ~ ' where row_rank = 1) as kept',
            'key': 'key',
            'columns': customer_health.present_columns(source_table, table.columns),
            'kinds': customer_health.source_columns(source_table),
            'contradictions': [],
            'labels': labels,
        }) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{#
    How many values each cleaned column of a source has, as a whole SELECT: source, column_name, value_count.
    cleaned: one of cleaned_*_tables. Blanks are no value.
#}
{% macro counted_values(cleaned) %}
    {%- set columns = [] -%}
    {%- for column, rule in cleaned.columns.items() if rule not in ['text', 'key'] or column in cleaned.labels -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {%- set names = [] -%}
    {%- for column in columns -%}{%- do names.append(["'" ~ column ~ "'"]) -%}{%- endfor -%}
    {%- set text = customer_health.type_text() -%}
    {%- if not columns -%}
        {{- return(customer_health.rows_as_table({'source': text, 'column_name': text, 'value_count': 'bigint'}, [])) -}}
    {%- endif -%}

with counted as (

    select
        {%- for column in columns %}
        count(case when not {{ customer_health.is_nothing(column, cleaned.kinds[column]) }} then 1 end) as {{ column }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from {{ cleaned.rows }}

),

named as (
    {{ customer_health.rows_as_table({'column_name': text}, names) | indent(4) }}
)

select
    '{{ cleaned.source }}' as source,
    named.column_name,
    case named.column_name
        {%- for column in columns %}
        when '{{ column }}' then counted.{{ column }}
        {%- endfor %}
    end as value_count
from counted
cross join named
{% endmacro %}
