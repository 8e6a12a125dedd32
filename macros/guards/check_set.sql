{#
    Run start, on Spark: stops a run that would write into the schemas that the views in `marts` read.
    (Postgres exchanges whole schemas after the tests, DuckDB whole files.)
#}
{% macro check_set() %}
    {%- if execute and target.type == 'spark' and flags.WHICH in ['build', 'run', 'seed', 'snapshot'] -%}
        {%- set schema = 'marts__' ~ env_var('CUSTOMER_HEALTH_SET', 'next') -%}
        {%- if adapter.check_schema_exists(none, 'marts') -%}
            {%- for view in run_query('show views in marts').rows[:1] -%}
                {%- set definition = run_query('show create table marts.' ~ view['viewName']).rows[0][0] -%}
                {%- if modules.re.search('\\b' ~ schema ~ '\\b', definition) -%}
                    {{- customer_health.raise_error(
                        'the schema ' ~ schema, 'is what readers of marts see now',
                        'use `customer-health build`, or name another set in CUSTOMER_HEALTH_SET'
                    ) -}}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
