"""Demo funnel: `customer360__conversion_funnel_analysis`, n^4 rows of a customer.

Its channels are another list than the activity table's, and its lifetime value disagrees with the
value table's.
"""

import datetime

from customer_health.demo.customers import (
    analysed_at,
    flawed,
    ids,
    key,
    published,
    rows,
    varied,
)
from customer_health.demo.draws import Draws
from customer_health.demo.flaws import Flaws

TABLE = "customer360__conversion_funnel_analysis"

COLUMNS = {
    "marketo_lead_id": "varchar",
    "stripe_customer_id": "varchar",
    "zendesk_user_id": "varchar",
    "primary_email": "varchar",
    "primary_organization": "varchar",
    "customer_segment": "varchar",
    "customer_tier": "varchar",
    "lifecycle_stage": "varchar",
    "reached_awareness": "integer",
    "reached_conversion": "integer",
    "reached_support": "integer",
    "journey_completeness_score": "double",
    "customer_journey_pattern": "varchar",
    "funnel_efficiency": "double",
    "marketing_to_sales_days": "double",
    "sales_to_support_days": "double",
    "awareness_to_conversion_speed": "varchar",
    "conversion_to_support_speed": "varchar",
    "journey_velocity": "varchar",
    "revenue_velocity_monthly": "double",
    "awareness_engagement_quality": "varchar",
    "conversion_engagement_quality": "varchar",
    "support_engagement_quality": "varchar",
    "cross_stage_engagement_consistency": "varchar",
    "weighted_engagement_score": "double",
    "primary_engagement_channel": "varchar",
    "next_stage_conversion_probability": "double",
    "predictive_full_journey_probability": "double",
    "drop_off_risk": "varchar",
    "value_realization_pattern": "varchar",
    "optimization_recommendation": "varchar",
    "expected_optimization_value": "double",
    "intervention_priority": "varchar",
    "success_target": "varchar",
    "funnel_performance_grade": "varchar",
    "journey_efficiency_index": "double",
    "activity_grade": "varchar",
    "customer_health_score": "double",
    "estimated_customer_ltv": "double",
    "account_age_days": "bigint",
    "customer_first_touchpoint": "timestamp",
    "customer_last_activity": "timestamp",
    "funnel_analysis_timestamp": "timestamp",
}

# Columns in which text formats say 'n/a' where parquet has NaN.
NOT_AVAILABLE = ("marketing_to_sales_days",)

# Share of the rows with a value that no rule accepts: the column and what it says instead.
DEFECTS: Flaws = {
    "negative value": (0.0015, "estimated_customer_ltv", "-estimated_customer_ltv"),
    "infinite value": (0.0010, "estimated_customer_ltv", "'infinity'::double"),
    "health above 100": (0.0015, "customer_health_score", "130.0"),
    "days not a number": (0.0015, "marketing_to_sales_days", "'nan'::double"),
    "stage neither reached nor not": (0.0010, "reached_support", "2"),
    "negative probability": (0.0010, "next_stage_conversion_probability", "-0.2"),
    "analysed in the far future": (
        0.0010,
        "funnel_analysis_timestamp",
        "timestamp '2999-12-31 00:00:00'",
    ),
}

# Share of the rows without a value.
MISSING: Flaws = {
    "no value": (0.010, "estimated_customer_ltv", "null"),
    "no tier": (0.010, "customer_tier", "null"),
    "no health": (0.010, "customer_health_score", "null"),
    "no days to sales": (0.008, "marketing_to_sales_days", "null"),
    "no days to support": (0.010, "sales_to_support_days", "null"),
    "no channel": (0.006, "primary_engagement_channel", "'  '"),
    "no analysis time": (0.002, "funnel_analysis_timestamp", "null"),
}

# Share of the rows with a label that nobody knows, or a known one that is written unusually.
LABELS: Flaws = {
    "unknown tier": (0.002, "customer_tier", "'Diamond'"),
    "upper case tier": (0.004, "customer_tier", "upper(customer_tier)"),
    "tier with blank": (0.003, "customer_tier", "customer_tier || ' '"),
    "lead id with blanks": (0.003, "marketo_lead_id", "' ' || marketo_lead_id || ' '"),
}

# Share of the customers with several rows whose days differ between these, and of the rows then.
OTHER_DAYS = 0.6
CHANGED_DAYS = 0.5

# Share of the customers whose lifetime value is the same here and in the value table.
AGREEING_VALUES = 0.1

CHANNELS = {
    "Marketing Email": 0.25,
    "Organic Search": 0.2,
    "Paid Search": 0.12,
    "Sales Outreach": 0.18,
    "Customer Support": 0.15,
    "Referral": 0.1,
}
QUALITIES = ("High Quality", "Medium Quality", "Low Quality")
RECOMMENDATIONS = (
    "Shorten Onboarding",
    "Improve Lead Hand-Over",
    "Add Support Content",
    "Maintain Current Journey",
)
TARGETS = ("Faster Conversion", "Higher Adoption", "Renewal", "Expansion")


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all columns, in order of the customers; `customers.prepare` comes first.

    Money is in currency units, times are UTC and count back from `as_of`.
    """
    draws = Draws(seed)
    stages = (
        rows(draws, "funnel", 4, _labels(draws)),
        _measured(draws, seed, as_of),
        flawed(draws, "funnel", {"defect": DEFECTS, "missing": MISSING, "label": LABELS}),
    )
    return f"with\n{','.join(stages)}\n{published(COLUMNS)}"


def _labels(draws: Draws) -> str:
    """What all rows of a customer share."""
    return f"""{draws.choose("funnel/channel", CHANNELS)} as primary_engagement_channel,
            {draws.chance("funnel/other days", OTHER_DAYS)} as has_other_days,
            ltv * case when {draws.chance("funnel/agreeing value", AGREEING_VALUES)} then 1
                else exp(.04 + .25 * ({draws.normal("funnel/value")})) end as funnel_ltv,
            least(100, greatest(0, health + 2 * ({draws.normal("funnel/health")})))
                as funnel_health,
            (in_marketo = 1 or {draws.chance("funnel/aware", 0.8)})::integer as reached_awareness,
            (in_stripe = 1 or {draws.chance("funnel/converted", 0.6)})::integer
                as reached_conversion,
            (in_zendesk = 1 or {draws.chance("funnel/supported", 0.5)})::integer
                as reached_support,
            round({draws.uniform("funnel/efficiency")}, 3) as funnel_efficiency,
            round({draws.uniform("funnel/next stage")}, 3) as next_stage_conversion_probability,
            {draws.pick("funnel/awareness quality", QUALITIES)} as awareness_engagement_quality,
            {draws.pick("funnel/conversion quality", QUALITIES)} as conversion_engagement_quality,
            {draws.pick("funnel/support quality", QUALITIES)} as support_engagement_quality,
            {draws.pick("funnel/consistency", ("Consistent", "Mixed", "Inconsistent"))}
                as cross_stage_engagement_consistency,
            {draws.pick("funnel/pattern", ("Early Value", "Steady Value", "Late Value"))}
                as value_realization_pattern,
            {draws.pick("funnel/recommendation", RECOMMENDATIONS)} as optimization_recommendation,
            {draws.pick("funnel/target", TARGETS)} as success_target"""


def _measured(draws: Draws, seed: int, as_of: datetime.date) -> str:
    """The figures of a row. Of the extreme customer one row in n^2 has the days of the cohort."""
    funnel_ids = ids(
        seed,
        "funnel",
        {
            "marketo": "copy // (times * times * times)",
            "stripe": "copy // (times * times) % times",
            "zendesk": "copy // times % times",
        },
    )
    return f"""
    varied as (
        select
            *,
            case
                when times > 3 then copy % (times * times) <> 0
                else copy > 0 and has_other_days and {draws.chance("funnel/days", CHANGED_DAYS)}
            end as has_changed_days,
            round({varied("funnel_ltv", draws, "funnel/ltv")}, 2) as estimated_customer_ltv,
            {analysed_at(as_of, hour=4)} as funnel_analysis_timestamp
        from changed
    ),
    moved as (
        select
            * replace (
                case when has_changed_days then marketing_to_sales_days + 7
                    else marketing_to_sales_days end as marketing_to_sales_days,
                case when has_changed_days then round(sales_to_support_days * .8, 1)
                    else sales_to_support_days end as sales_to_support_days
            )
        from varied
    ),
    measured as (
        select
            * replace ({key()} as primary_email),
            {funnel_ids},
            round(
                100 * (reached_awareness + reached_conversion + reached_support) / 3.0, 1
            ) as journey_completeness_score,
            case when marketing_to_sales_days < 10 then 'Fast'
                when marketing_to_sales_days <= 20 then 'Normal' else 'Slow' end
                as awareness_to_conversion_speed,
            case when sales_to_support_days < 15 then 'Fast'
                when sales_to_support_days <= 30 then 'Normal' else 'Slow' end
                as conversion_to_support_speed,
            case when marketing_to_sales_days + sales_to_support_days < 45 then 'Fast Journey'
                else 'Slow Journey' end as journey_velocity,
            round(estimated_customer_ltv / 36, 2) as revenue_velocity_monthly,
            round(.8 * engagement, 2) as weighted_engagement_score,
            round(next_stage_conversion_probability * funnel_efficiency, 3)
                as predictive_full_journey_probability,
            case when risk_level >= 4 then 'High' when risk_level = 3 then 'Medium' else 'Low' end
                as drop_off_risk,
            round(.05 * estimated_customer_ltv, 2) as expected_optimization_value,
            case when risk_level >= 4 then 'Urgent' when tier >= 4 then 'High' else 'Normal' end
                as intervention_priority,
            case when funnel_efficiency >= .8 then 'A' when funnel_efficiency >= .6 then 'B'
                when funnel_efficiency >= .4 then 'C' when funnel_efficiency >= .2 then 'D'
                else 'F' end as funnel_performance_grade,
            round(100 * funnel_efficiency, 1) as journey_efficiency_index,
            case
                when engagement >= 15 then 'A'
                when engagement >= 11 then 'B'
                when engagement >= 7 then 'C'
                when engagement >= 3 then 'D'
                else 'F'
            end as activity_grade,
            round(funnel_health, 1) as customer_health_score
        from moved
    )"""
