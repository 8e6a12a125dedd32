{#
    The units in which a metric is changed: whole ones, but hundredths of amounts and percentages and ten
    thousandths of ratios; of contact_email_coverage contacts with an e-mail address.
#}
{% macro units_per_one(metric) %}
    {%- set facts = customer_health.metric_catalogue().get(metric) or customer_health.scorable_metrics()[metric] -%}
    {%- set finer = {'currency': 100, 'percent': 100, 'ratio': 10000, 'points 1-5': 10} -%}
    {{- return(100 if metric.startswith('avg_') else finer.get(facts.unit, 1)) -}}
{% endmacro %}

{#
    The value of a metric that scales to `scaled`, in its units, rounded to the better side: scaled_value
    turned round. NULL where all accounts have one value.
#}
{% macro counted_value_of(metric, scaled) %}
    {%- set scaled = customer_health.transformed_back(scaled, metric.post_transform) -%}
    {%- set scaled = customer_health.turn(scaled, metric.direction) -%}
    {%- if metric.scale == 'as_is' -%}
        {%- set value = scaled -%}
    {%- else -%}
        {%- set lower = customer_health.double(metric.lower) if metric.scale == 'target' else metric.scaled_column ~ '__lower' -%}
        {%- set upper = customer_health.double(metric.upper) if metric.scale == 'target' else metric.scaled_column ~ '__upper' -%}
        {%- set value = 'case when ' ~ upper ~ ' > ' ~ lower ~ ' then ' ~ lower ~ ' + (' ~ scaled ~ ') * (' ~ upper ~ ' - ' ~ lower ~ ') end' -%}
    {%- endif -%}
    {%- set value = customer_health.transformed_back(value, metric.pre_transform) -%}
    {%- set units = 'contacts_for_coverage' if metric.metric == 'contact_email_coverage' else customer_health.units_per_one(metric.metric) -%}
    {{- return(('floor' if metric.direction == 'lower' else 'ceil') ~ '((' ~ value ~ ') * ' ~ units ~ ')') -}}
{% endmacro %}

{# The value of so many units of a metric, as staging would have it; NULL where there can be no such value. #}
{% macro value_of_units(metric, units) %}
    {%- if metric == 'contact_email_coverage' -%}
        {{- return(
            'case when ' ~ units ~ ' between 0 and turned.contacts_for_coverage then ('
            ~ units ~ ') / nullif(turned.contacts_for_coverage, 0) end'
        ) -}}
    {%- endif -%}
    {%- set value = '(' ~ units ~ ') / ' ~ customer_health.double(customer_health.units_per_one(metric)) -%}
    {%- set facts = customer_health.metric_catalogue().get(metric) or customer_health.scorable_metrics()[metric] -%}
    {%- if not facts.get('can_be_negative') -%}
        {%- set value = 'case when ' ~ units ~ ' >= 0 then ' ~ value ~ ' end' -%}
    {%- endif -%}
    {{- return(value) -}}
{% endmacro %}

{% macro transformed_back(value, transform) %}
    {%- if transform == 'sqrt' -%}{{- return('(' ~ value ~ ') * (' ~ value ~ ')') -}}
    {%- elif transform == 'log1p' -%}{{- return('exp(' ~ value ~ ') - 1') -}}
    {%- else -%}{{- return(value) -}}
    {%- endif -%}
{% endmacro %}
