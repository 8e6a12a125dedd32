{#
    Why the health score of accounts changed between two dates, as a whole SELECT: one row per account, label
    and metric. pairs: a relation with account_id, label, from_date and to_date, whose slices the history
    holds and which both have a score.

    The change of a metric's points is split into
    own_change     the account's own value (and what else is measured of it) moved,
    peer_change    the bounds moved between which the metric is scaled, that is: the other accounts did,
    policy_change  the policy did; 0 when both slices were scored under the active version.
    Own and peer change are the mean over both orders in which the two can have moved, so that neither
    comes first by chance: exact decimals of seven places. The parts sum to the change, the changes of all
    metrics to that of the score, and with the dates exchanged every part is negated.
    A slice of another version of the policy is scored anew under the active one, with its own values and the
    bounds of its day; what then differs from the points it had is the policy's. Metrics that the active
    policy does not know are one row, `(earlier policies)`.
    A metric that is scaled by percentile has no bounds: where its value moved, the whole is own change, else
    the others'. Where one of the dates has no bounds or ranks, since nobody was measured or the policy of
    then did not scale the metric so, those of the other date count for both.
#}
{% macro health_changes(pairs) %}
    {%- set policy = customer_health.active_policy() -%}
    {%- set double = customer_health.type_double() -%}
    {%- set columns = customer_health.valued_metrics(policy).values() | unique | list -%}
    {%- set half = 'cast(0.5 as decimal(2, 1))' -%}
    {%- set rows = [] -%}
    {%- for metric in policy.metrics -%}
        {%- do rows.append([customer_health.sql_literal(metric.metric), customer_health.sql_literal(metric.dimension)]) -%}
    {%- endfor -%}
    {%- do rows.append(["'(earlier policies)'", 'null']) -%}
    {%- set measured_alike = [] -%}
    {%- for metric in policy.metrics -%}
        {%- do measured_alike.append(metric.metric ~ '__is_measured_alike') -%}
    {%- endfor -%}
    {%- set sizes = [] -%}
    {%- for segment in policy.size_points -%}{%- do sizes.append(customer_health.text_literal(segment)) -%}{%- endfor -%}
    {%- set bounded = customer_health.bounded_metrics(policy) -%}
    {%- set is_new = "<> '" ~ policy.version ~ "'" %}

with pairs as (

    select * from {{ pairs }}

),

slices as (

    select * from {{ ref('account_health_slices') }}

),

-- Whose values, under whose bounds. What both dates agree on is known already, except under another policy.
combinations as (

    select
        'from' as own,
        'from' as bounds
    union all
    select
        'from' as own,
        'to' as bounds
    union all
    select
        'to' as own,
        'from' as bounds
    union all
    select
        'to' as own,
        'to' as bounds

),

side_by_side as (

    select
        pairs.account_id,
        pairs.label,
        pairs.from_date,
        pairs.to_date,
        combinations.own,
        combinations.bounds,
        {%- for side in ['from', 'to'] %}
        {{ side }}_slices.health_score as {{ side }}_score,
        {{ side }}_slices.policy_version {{ is_new }} as {{ side }}_is_other_policy,
        {%- for metric in policy.metrics %}
        {{ side }}_slices.{{ metric.metric }}__points as {{ side }}__{{ metric.metric }}__points,
        {%- endfor %}
        {%- for column in columns %}
        cast({{ side }}_slices.{{ column }} as {{ double }}) as {{ side }}__{{ column }},
        {%- endfor %}
        {%- endfor %}
        {%- for metric in policy.metrics %}
        {%- if metric.metric == 'size_points' %}
        from_slices.account_size_segment = to_slices.account_size_segment as {{ metric.metric }}__is_same_value,
        (from_slices.account_size_segment in ({{ sizes | join(', ') }}))
            = (to_slices.account_size_segment in ({{ sizes | join(', ') }})) as {{ metric.metric }}__is_measured_alike,
        {%- else %}
        coalesce(
            from_slices.{{ metric.source_column }} = to_slices.{{ metric.source_column }},
            from_slices.{{ metric.source_column }} is null and to_slices.{{ metric.source_column }} is null
        ) as {{ metric.metric }}__is_same_value,
        (from_slices.{{ metric.source_column }} is null) = (to_slices.{{ metric.source_column }} is null)
            as {{ metric.metric }}__is_measured_alike,
        {%- endif %}
        {%- if metric.scale == 'percentile' %}
        coalesce(
            from_slices.{{ metric.source_column }} <> to_slices.{{ metric.source_column }}
            or from_slices.{{ metric.metric }}__exact = to_slices.{{ metric.metric }}__exact,
            true
        ) as {{ metric.metric }}__is_same_bounds,
        {%- elif metric in bounded %}
        coalesce(
            from_slices.{{ metric.metric }}__lower = to_slices.{{ metric.metric }}__lower
            and from_slices.{{ metric.metric }}__upper = to_slices.{{ metric.metric }}__upper,
            true
        ) as {{ metric.metric }}__is_same_bounds,
        {%- endif %}
        {%- endfor %}
        case combinations.own when 'from' then from_slices.account_size_segment else to_slices.account_size_segment end
            as account_size_segment
        {%- for column in columns %},
        cast(case combinations.own when 'from' then from_slices.{{ column }} else to_slices.{{ column }} end as {{ double }})
            as {{ column }}
        {%- endfor %}
        {%- for metric in policy.metrics %}
        {%- if metric in bounded %}
        {%- for bound in ['lower', 'upper'] %},
        case
            when combinations.bounds = 'from' or to_slices.{{ metric.metric }}__lower is null
                then coalesce(from_slices.{{ metric.metric }}__{{ bound }}, to_slices.{{ metric.metric }}__{{ bound }})
            else to_slices.{{ metric.metric }}__{{ bound }}
        end as {{ metric.scaled_column }}__{{ bound }}
        {%- endfor %}
        {%- elif metric.scale == 'percentile' %},
        cast(case
            when combinations.bounds = 'from' and from_slices.{{ metric.source_column }} = to_slices.{{ metric.source_column }}
                then coalesce(from_slices.{{ metric.metric }}__exact, to_slices.{{ metric.metric }}__exact)
            when from_slices.{{ metric.source_column }} = to_slices.{{ metric.source_column }}
                then coalesce(to_slices.{{ metric.metric }}__exact, from_slices.{{ metric.metric }}__exact)
            when combinations.own = 'from' and from_slices.{{ metric.source_column }} is not null
                then coalesce(from_slices.{{ metric.metric }}__exact, to_slices.{{ metric.metric }}__exact)
            when combinations.own = 'to' and to_slices.{{ metric.source_column }} is not null
                then coalesce(to_slices.{{ metric.metric }}__exact, from_slices.{{ metric.metric }}__exact)
        end as {{ double }}) as {{ metric.scaled_column }}__stored
        {%- endif %}
        {%- endfor %}
    from pairs
    inner join slices as from_slices
        on pairs.account_id = from_slices.account_id
        and pairs.from_date = from_slices.as_of_date
    inner join slices as to_slices
        on pairs.account_id = to_slices.account_id
        and pairs.to_date = to_slices.as_of_date
    cross join combinations
    where from_slices.health_score is not null
        and to_slices.health_score is not null
        and (
            combinations.own <> combinations.bounds
            or from_slices.policy_version {{ is_new }}
            or to_slices.policy_version {{ is_new }}
        )
    {{ customer_health.computed_once() }}

),

sized as (

    select
        side_by_side.*,
        {{ customer_health.size_points(policy) }}
    from side_by_side
    {{ customer_health.computed_once() }}

),

scaled as (

    select
        sized.*
        {%- for metric in policy.metrics %},
        {{ customer_health.stored_scaled_value(metric, is_held=true) }} as {{ metric.scaled_column }}
        {%- endfor %}
    from sized
    {{ customer_health.computed_once() }}

),

{{ customer_health.points_ctes([policy]) }},

pointed as (

    select
        account_id,
        label,
        from_date,
        to_date,
        own,
        bounds,
        from_score,
        to_score,
        from_is_other_policy,
        to_is_other_policy,
        {{ measured_alike | join('\n        and ') if measured_alike else 'true' }} as is_measured_alike
        {%- for metric in policy.metrics %},
        {{ metric.metric }}__is_same_value,
        {{ metric.metric ~ '__is_same_bounds' if metric in bounded or metric.scale == 'percentile' else 'true' }} as {{ metric.metric }}__is_same_bounds,
        coalesce({{ customer_health.metric_points(policy, loop.index) }}, 0) as {{ metric.metric }}__points,
        coalesce(from__{{ metric.metric }}__points, 0) as from__{{ metric.metric }}__points,
        coalesce(to__{{ metric.metric }}__points, 0) as to__{{ metric.metric }}__points
        {%- endfor %}
        {%- for column in columns %},
        from__{{ column }},
        to__{{ column }}
        {%- endfor %}
    from accumulated
    {{ customer_health.computed_once() }}

),

-- One row per pair again: the points under each combination beside the points as stored.
paired as (

    select
        account_id,
        label,
        from_date,
        to_date,
        from_score,
        to_score,
        from_is_other_policy,
        to_is_other_policy
        {%- for metric in policy.metrics %},
        {%- for own in ['from', 'to'] %}
        {%- for bounds in ['from', 'to'] %}
        coalesce(
            max(case when own = '{{ own }}' and bounds = '{{ bounds }}' then {{ metric.metric }}__points end),
            max({{ own }}__{{ metric.metric }}__points)
        ) as {{ own }}_under_{{ bounds }}__{{ metric.metric }},
        {%- endfor %}
        {%- endfor %}
        -- Where only one of the two moved, all is its: what rounding leaves is no part of its own.
        min(case when is_measured_alike and {{ metric.metric }}__is_same_value then 1 else 0 end)
            as {{ metric.metric }}__is_same_value,
        min(case when {{ metric.metric }}__is_same_bounds then 1 else 0 end) as {{ metric.metric }}__is_same_bounds,
        max(from__{{ metric.metric }}__points) as from__{{ metric.metric }}__points,
        max(to__{{ metric.metric }}__points) as to__{{ metric.metric }}__points
        {%- endfor %}
        {%- for column in columns %},
        max(from__{{ column }}) as from__{{ column }},
        max(to__{{ column }}) as to__{{ column }}
        {%- endfor %}
    from pointed
    group by account_id, label, from_date, to_date, from_score, to_score, from_is_other_policy, to_is_other_policy

),

metrics as (
    {{ customer_health.rows_as_table(
        {'metric': customer_health.type_text(), 'dimension': customer_health.type_text()}, rows
    ) | indent(4) }}
),

by_metric as (

    select
        paired.account_id,
        paired.label,
        paired.from_date,
        paired.to_date,
        metrics.dimension,
        metrics.metric,
        {%- for side in ['from', 'to'] %}
        case metrics.metric
            {%- for metric in policy.metrics if metric.metric != 'size_points' %}
            when '{{ metric.metric }}' then {{ side }}__{{ metric.source_column }}
            {%- else %}
            when null then cast(null as {{ double }})
            {%- endfor %}
        end as {{ side }}_value,
        case metrics.metric
            {%- for metric in policy.metrics %}
            when '{{ metric.metric }}' then {{ side }}__{{ metric.metric }}__points
            {%- endfor %}
            else {{ side }}_score{% for metric in policy.metrics %} - {{ side }}__{{ metric.metric }}__points{% endfor %}
        end as {{ side }}_points,
        {%- for bounds in ['from', 'to'] %}
        case metrics.metric
            {%- for metric in policy.metrics %}
            when '{{ metric.metric }}' then {{ side }}_under_{{ bounds }}__{{ metric.metric }}
            {%- endfor %}
            else 0
        end as {{ side }}_under_{{ bounds }},
        {%- endfor %}
        {%- endfor %}
        case metrics.metric
            {%- for metric in policy.metrics %}
            when '{{ metric.metric }}' then {{ metric.metric }}__is_same_value
            {%- endfor %}
        end as is_same_value,
        case metrics.metric
            {%- for metric in policy.metrics %}
            when '{{ metric.metric }}' then {{ metric.metric }}__is_same_bounds
            {%- endfor %}
        end as is_same_bounds
    from paired
    cross join metrics
    where metrics.dimension is not null
        or from_is_other_policy
        or to_is_other_policy
    {{ customer_health.computed_once() }}

),

changes as (

    select
        by_metric.*,
        cast(case
            when is_same_bounds = 1 then to_under_to - from_under_from
            when is_same_value = 1 then 0
            else (to_under_from - from_under_from + to_under_to - from_under_to) * {{ half }}
        end as decimal(10, 7)) as own_change,
        cast(case
            when is_same_bounds = 1 then 0
            when is_same_value = 1 then to_under_to - from_under_from
            else (from_under_to - from_under_from + to_under_to - to_under_from) * {{ half }}
        end as decimal(10, 7)) as peer_change,
        cast((to_points - to_under_to) - (from_points - from_under_from) as decimal(10, 7)) as policy_change
    from by_metric

)

select
    account_id,
    label,
    from_date,
    to_date,
    dimension,
    metric,
    from_value,
    to_value,
    cast(from_points as decimal(9, 6)) as from_points,
    cast(to_points as decimal(9, 6)) as to_points,
    cast(to_points - from_points as decimal(10, 6)) as points_change,
    own_change,
    peer_change,
    policy_change
from changes
{% endmacro %}

{#
    A metric scaled in a row that carries its bounds, or the rank it had, itself. is_held: a value beyond the
    bounds, which may be those of another day, counts as at them; else points would know no limits.
#}
{% macro stored_scaled_value(metric, is_held=false) %}
    {%- if metric.scale == 'percentile' -%}
        {{- return(metric.scaled_column ~ '__stored') -}}
    {%- endif -%}
    {{- return(customer_health.scaled_value(metric, is_held)) -}}
{% endmacro %}
