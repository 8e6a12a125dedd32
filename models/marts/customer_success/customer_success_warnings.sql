-- Grain: one customer and one signal that has reached a threshold.
-- noqa: disable=LT02
{{ config(enabled=customer_health.subject_is_built('customer_success')) }}

{%- set severities = {'critical': 1, 'high': 2, 'medium': 3} %}
{%- set measures = {} %}
{%- for block in customer_health.churn_signals().values() %}
{%- do measures.update(block.measures) %}
{%- endfor %}
{%- set text = customer_health.type_text() %}
{%- set double = customer_health.type_double() %}

with rules as (

    select
        source,
        position
        {%- for severity in severities %},
        max(case when severity = '{{ severity }}' then comparison end) as {{ severity }}_comparison,
        max(case when severity = '{{ severity }}' then threshold end) as {{ severity }}_label,
        max(case when severity = '{{ severity }}' then {{ customer_health.text_to_double('threshold') }} end)
            as {{ severity }}_bound
        {%- endfor %}
    from {{ ref('customer_success_warning_rules') }}
    group by source, position

),

-- Defaults of absent fields reach no threshold, so that they need no rule of their own.
measured as (

    {%- for field, measure in measures.items() %}
    select
        record_number,
        customer_id,
        '{{ field }}' as source,
        {%- if measure.kind == 'flag' %}
        cast(null as {{ double }}) as number_value,
        cast('yes' as {{ text }}) as label_value
        {%- elif measure.kind == 'label' %}
        cast(null as {{ double }}) as number_value,
        cast({{ field }} as {{ text }}) as label_value
        {%- else %}
        {{ field }} as number_value,
        cast(null as {{ text }}) as label_value
        {%- endif %}
    from {{ ref('stg_customer_success__churn') }}
    where {{ field }}{{ ' is not null' if measure.kind != 'flag' }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        measured.record_number,
        measured.customer_id,
        measured.source,
        measured.number_value,
        measured.label_value,
        rules.position as rule_position,
        case
            {%- for severity, rank in severities.items() %}
            when
                case rules.{{ severity }}_comparison
                    when 'at_most' then measured.number_value <= rules.{{ severity }}_bound
                    when 'below' then measured.number_value < rules.{{ severity }}_bound
                    when 'at_least' then measured.number_value >= rules.{{ severity }}_bound
                    when 'equals' then measured.label_value = rules.{{ severity }}_label
                end
                then {{ rank }}
            {%- endfor %}
        end as severity_rank
    from measured
    inner join rules
        on measured.source = rules.source
    {{ customer_health.computed_once() }}

),

warnings as (

    select *
    from compared
    where severity_rank is not null

)

select
    customer_id,
    cast(row_number() over (partition by record_number order by severity_rank, rule_position) as bigint) as position,
    source,
    case severity_rank
        {%- for severity, rank in severities.items() %}
        when {{ rank }} then '{{ severity }}'
        {%- endfor %}
    end as severity,
    case
        when number_value is null then label_value
        else {{ customer_health.number_text('number_value') }}
    end as value
from warnings
