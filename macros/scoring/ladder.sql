{#
    The label of the first rung whose bound the value reaches, from high to low; `otherwise` for NULL.
    rungs: a list of blocks with the label under `label_key` and the bound under `at_least`;
    the last rung takes everything below.
#}
{% macro ladder(value, rungs, label_key, otherwise='Unscored') %}
    {%- if rungs | length == 0 -%}
        {{- customer_health.raise_argument_error('ladder', 'rungs', rungs, 'at least one rung') -}}
    {%- endif -%}
    case
        when {{ value }} is null then {{ customer_health.text_literal(otherwise) }}
        {%- for rung in rungs[:-1] %}
        when {{ value }} >= {{ rung.at_least }} then {{ customer_health.text_literal(rung[label_key]) }}
        {%- endfor %}
        else {{ customer_health.text_literal(rungs[-1][label_key]) }}
    end
{%- endmacro %}

{#
    The tier of a forecast against its cut-offs: one expression per tier but the last, in tier order.
    A tier `above_quantile` begins just above its cut-off, a tier `at_least_quantile` at it.
#}
{% macro tier(value, tiers, cut_offs) %}
    {%- if cut_offs | length != tiers | length - 1 -%}
        {{- customer_health.raise_argument_error(
            'tier', 'cut_offs', cut_offs, 'one expression for each tier but the last'
        ) -}}
    {%- endif -%}
    case
        when {{ value }} is null then 'Unscored'
        {%- for rung in tiers[:-1] %}
        when {{ value }} {{ '>' if rung.get('above_quantile') is not none else '>=' }} {{ cut_offs[loop.index0] }}
            then {{ customer_health.text_literal(rung.tier) }}
        {%- endfor %}
        else {{ customer_health.text_literal(tiers[-1].tier) }}
    end
{%- endmacro %}

{# The quantiles at which a policy's tiers begin, in tier order (the last tier takes the rest). #}
{% macro tier_quantiles(policy) %}
    {%- set quantiles = [] -%}
    {%- for rung in policy.tiers[:-1] -%}
        {%- do quantiles.append(
            rung.above_quantile if rung.get('above_quantile') is not none else rung.at_least_quantile
        ) -%}
    {%- endfor -%}
    {{- return(quantiles) -}}
{% endmacro %}
