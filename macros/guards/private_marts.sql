{#
    The setting customer_health_private_marts, checked: marts that the readers' role of Postgres is not granted when
    they are new. Names are held to the marts where these are known: not while the project is parsed.
#}
{% macro private_marts() %}
    {%- set where = 'setting customer_health_private_marts' -%}
    {%- set listed = var('customer_health_private_marts') -%}
    {%- if listed != [] -%}{%- do customer_health.check_list(where, listed) -%}{%- endif -%}
    {%- if execute and graph.get('nodes') -%}
        {%- set marts = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.schema == 'marts' -%}
            {%- do marts.append(node.alias) -%}
        {%- endfor -%}
        {%- for name in listed if name not in marts -%}
            {%- set near = customer_health.nearest_name(name | string, marts) -%}
            {{- customer_health.raise_error(
                where, 'names ' ~ name ~ ', which is no mart of this build',
                ('write ' ~ near ~ ', or ' if near else '') ~ 'take it out'
            ) -}}
        {%- endfor -%}
    {%- endif -%}
    {{- return(listed) -}}
{% endmacro %}
