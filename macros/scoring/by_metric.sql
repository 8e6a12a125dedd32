{# Metric -> expression as one column: that of the row's metric; NULL where there is none, as without any metric. #}
{% macro by_metric(metric, expressions, type) %}
    {%- if not expressions -%}{{- return('cast(null as ' ~ type ~ ')') -}}{%- endif -%}
    {%- set whens = [] -%}
    {%- for name, expression in expressions.items() -%}
        {%- do whens.append("    when '" ~ name ~ "' then " ~ expression) -%}
    {%- endfor -%}
    {{- return('case ' ~ metric ~ '\n' ~ whens | join('\n') ~ '\nend') -}}
{% endmacro %}
