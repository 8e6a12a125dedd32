{# The tables of the source customer360: their short names -> the base model of their rows. #}
{% macro customer360_row_models() %}
    {{- return({
        'customer_activity_metrics': 'base_customer360__customer_activity_rows',
        'conversion_funnel_analysis': 'base_customer360__conversion_funnel_rows',
        'customer_value_analysis': 'base_customer360__customer_value_rows',
        'address': 'base_customer360__address_rows',
        'mapping': 'base_customer360__mapping_rows',
    }) -}}
{% endmacro %}

{# The label columns of a table -> the seed that lists the labels we know. #}
{% macro customer360_label_seeds(name) %}
    {{- return({
        'customer_activity_metrics': {
            'activity_risk_level': 'activity_risk_labels',
            'engagement_velocity': 'engagement_velocity_labels',
        },
        'conversion_funnel_analysis': {'customer_tier': 'customer_tier_labels'},
        'customer_value_analysis': {'customer_tier': 'customer_tier_labels'},
    }.get(name, {})) -}}
{% endmacro %}

{# The kept rows of a table with every column cleaned by its rule, as a whole SELECT; absent columns are NULL. #}
{% macro cleaned_customer360_rows(name) %}
    {%- set table = customer_health.customer360_table(name) -%}
    {%- set kinds = customer_health.source_columns(source('customer360', table.name)) -%}
    {%- set labels = {} -%}
    {%- for column, seed in customer_health.customer360_label_seeds(name).items() -%}
        {%- do labels.update({column: ref(seed)}) -%}
    {%- endfor -%}

with kept as (

    select * from {{ ref(customer_health.customer360_row_models()[name]) }}
    where row_rank = 1

)

select
    {{ customer_health.as_personal_data('kept.key', table.key) }} as {{ table.key }}
    {%- for column, rule in table.columns.items() if column != table.key %},
    {%- if column in labels and column in kinds %}
    coalesce({{ column }}__labels.{{ column }}, 'Unclassified') as {{ column }}
    {%- elif column in labels %}
    'Unclassified' as {{ column }}
    {%- else %}
    {{ customer_health.clean_value('kept.' ~ column, rule, kinds.get(column)) }} as {{ column }}
    {%- endif %}
    {%- endfor %}
from kept
{%- for column, seed in labels.items() if column in kinds %}
left join {{ seed }} as {{ column }}__labels
    on lower({{ customer_health.trimmed_text('kept.' ~ column, kinds[column]) }}) = lower({{ column }}__labels.label)
{%- endfor %}
{% endmacro %}
