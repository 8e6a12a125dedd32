{# Retention: months as numbers, and the dimensions whose members have figures of their own. #}

{# The month of a date as a whole number, 12 to a year: the month before is one less. #}
{% macro month_number(date) %}
    {{- return('cast(extract(year from ' ~ date ~ ') * 12 + extract(month from ' ~ date ~ ') as integer)') -}}
{% endmacro %}

{# The dimensions of retention_by_month: name -> SQL of the member. #}
{% macro retention_dimensions() %}
    {{- return({
        'all': "'all'",
        'segment': "coalesce(segment, 'unknown')",
        'industry': "coalesce(industry, 'unknown')",
    }) -}}
{% endmacro %}

{# Figures that retention_by_month sums: of a month against the one before, and against the year before. #}
{% macro retention_sums() %}
    {{- return({
        'starting_arr': 'decimal(38, 6)',
        'expansion_arr': 'decimal(38, 6)',
        'contraction_arr': 'decimal(38, 6)',
        'churned_arr': 'decimal(38, 6)',
        'new_arr': 'decimal(38, 6)',
        'ending_arr': 'decimal(38, 6)',
        'starting_customers': 'bigint',
        'churned_customers': 'bigint',
        'new_customers': 'bigint',
        'year_ago_arr': 'decimal(38, 6)',
        'year_retained_arr': 'decimal(38, 6)',
        'year_kept_arr': 'decimal(38, 6)',
        'year_ago_customers': 'bigint',
        'year_churned_customers': 'bigint',
    }) -}}
{% endmacro %}
