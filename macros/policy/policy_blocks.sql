{#
    All policies as written: the presets, with customer_health_extra_policies merged over them.
    An extra policy starts from the preset it `extends`, or from the preset of the same name, and
    replaces whole top-level keys.
#}
{% macro policy_blocks() %}
    {%- set presets = var('customer_health_presets') -%}
    {%- set extras = var('customer_health_extra_policies') or {} -%}
    {%- for setting, value in {
        'customer_health_presets': presets, 'customer_health_extra_policies': extras
    }.items() if value is not mapping -%}
        {{- customer_health.raise_error(
            'setting ' ~ setting, 'is not a block of policies', 'write each policy below its name'
        ) -}}
    {%- endfor -%}
    {%- set blocks = dict(presets) -%}
    {%- for name, extra in extras.items() -%}
        {%- if extra is not mapping -%}
            {{- customer_health.raise_error(
                'policy ' ~ name, 'is not a block of keys', 'write its keys below its name'
            ) -}}
        {%- endif -%}
        {%- set base_name = extra.get('extends', name) -%}
        {%- if 'extends' in extra and (base_name is not string or base_name not in presets) -%}
            {{- customer_health.raise_error(
                'policy ' ~ name ~ ', key extends:', 'there is no preset ' ~ base_name,
                'name one of ' ~ presets.keys() | join(', ')
            ) -}}
        {%- endif -%}
        {%- set block = dict(presets.get(base_name, {}), **extra) -%}
        {%- do block.pop('extends', none) -%}
        {%- do blocks.update({name: block}) -%}
    {%- endfor -%}
    {{- return(blocks) -}}
{% endmacro %}
