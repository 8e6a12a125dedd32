"""Demo activity: `customer360__customer_activity_metrics`, n^2 rows of a customer.

Risk labels come in two generations. Three flags tell the platforms; no column tells tier or value.
"""

import datetime

from customer_health.demo.customers import (
    RISK_LEVELS,
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
from customer_health.sql import literals

TABLE = "customer360__customer_activity_metrics"

COLUMNS = {
    "marketo_lead_id": "varchar",
    "stripe_customer_id": "varchar",
    "zendesk_user_id": "varchar",
    "primary_email": "varchar",
    "primary_organization": "varchar",
    "customer_segment": "varchar",
    "customer_journey_pattern": "varchar",
    "lifecycle_stage": "varchar",
    "composite_engagement_score": "double",
    "weighted_engagement_score": "double",
    "customer_health_score": "double",
    "activity_grade": "varchar",
    "activity_priority_score": "double",
    "days_since_last_activity": "bigint",
    "weeks_since_last_activity": "double",
    "months_since_last_activity": "double",
    "account_age_days": "bigint",
    "active_channel_count": "bigint",
    "primary_engagement_channel": "varchar",
    "marketing_engagement_score": "double",
    "sales_engagement_score": "double",
    "support_engagement_score": "double",
    "marketing_depth": "double",
    "sales_depth": "double",
    "support_depth": "double",
    "engagement_velocity": "varchar",
    "activity_momentum": "varchar",
    "engagement_maturity": "varchar",
    "estimated_monthly_activities": "double",
    "predicted_next_month_activity": "double",
    "seasonally_adjusted_activity": "double",
    "active_30_days": "integer",
    "active_60_days": "integer",
    "active_90_days": "integer",
    "active_180_days": "integer",
    "active_365_days": "integer",
    "activity_risk_level": "varchar",
    "cross_platform_consistency": "double",
    "activity_efficiency": "double",
    "recommended_activity_intervention": "varchar",
    "in_marketo": "integer",
    "in_stripe": "integer",
    "in_zendesk": "integer",
    "is_unsubscribed": "integer",
    "is_email_invalid": "integer",
    "do_not_call": "integer",
    "is_delinquent": "integer",
    "stripe_deleted": "integer",
    "zendesk_active": "integer",
    "zendesk_suspended": "integer",
    "zendesk_deleted": "integer",
    "customer_first_touchpoint": "timestamp",
    "customer_last_activity": "timestamp",
    "marketo_registration_date": "timestamp",
    "stripe_registration_date": "timestamp",
    "zendesk_registration_date": "timestamp",
    "activity_analysis_timestamp": "timestamp",
}

# Columns in which text formats say 'n/a' where parquet has NaN.
NOT_AVAILABLE = ("composite_engagement_score",)

# Share of the rows with a value that no rule accepts: the column and what it says instead.
DEFECTS: Flaws = {
    "negative engagement": (
        0.0010,
        "composite_engagement_score",
        "-1 - composite_engagement_score",
    ),
    "engagement not a number": (0.0015, "composite_engagement_score", "'nan'::double"),
    "health above 100": (0.0015, "customer_health_score", "130.0"),
    "active in the future": (0.0010, "days_since_last_activity", "-1 - days_since_last_activity"),
    "half an active user": (0.0010, "zendesk_active", "2"),
    "platform neither known nor not": (0.0010, "in_marketo", "3"),
    "analysed in the far future": (
        0.0010,
        "activity_analysis_timestamp",
        "timestamp '2999-12-31 00:00:00'",
    ),
}

# Share of the rows without a value.
MISSING: Flaws = {
    "no engagement": (0.003, "composite_engagement_score", "null"),
    "no health": (0.010, "customer_health_score", "null"),
    "no risk label": (0.004, "activity_risk_level", "null"),
    "no velocity": (0.004, "engagement_velocity", "null"),
    "no channel": (0.006, "primary_engagement_channel", "null"),
    "no platform flag": (0.002, "in_stripe", "null"),
    "no user state": (0.003, "zendesk_active", "null"),
    "blank lead id": (0.003, "marketo_lead_id", "''"),
    "no analysis time": (0.002, "activity_analysis_timestamp", "null"),
}

# Share of the rows with a label that nobody knows, or a known one that is written unusually.
LABELS: Flaws = {
    "velocity of the published rule": (0.0020, "engagement_velocity", "'Increasing'"),
    "unknown velocity": (0.0015, "engagement_velocity", "'Surging'"),
    "velocity not available": (0.0010, "engagement_velocity", "'n/a'"),
    "unknown risk": (0.0020, "activity_risk_level", "'Severe'"),
    "upper case velocity": (0.0030, "engagement_velocity", "upper(engagement_velocity)"),
    "velocity with blank": (0.0020, "engagement_velocity", "engagement_velocity || ' '"),
    "lower case risk": (0.0030, "activity_risk_level", "lower(activity_risk_level)"),
    "risk with blanks": (0.0020, "activity_risk_level", "'  ' || activity_risk_level"),
}

# Share of the labels Low and High that are still written as the older generation did.
OLDER_RISK_LABELS = 0.12

CHANNELS = {
    "Email": 0.28,
    "Web": 0.22,
    "Phone": 0.14,
    "Support Portal": 0.16,
    "Events": 0.11,
    "Social": 0.09,
}
# Recommended intervention by risk level.
INTERVENTIONS = (
    "Keep Informed",
    "Nurture",
    "Re-Engagement Campaign",
    "Personal Outreach",
    "Executive Escalation",
)


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all columns, in order of the customers; `customers.prepare` comes first.

    Scores have no unit, times are UTC and count back from `as_of`.
    """
    draws = Draws(seed)
    stages = (
        rows(draws, "activity", 2, _labels(draws)),
        _measured(draws, seed, as_of),
        flawed(draws, "activity", {"defect": DEFECTS, "missing": MISSING, "label": LABELS}),
    )
    return f"with\n{','.join(stages)}\n{published(COLUMNS)}"


def _labels(draws: Draws) -> str:
    """What all rows of a customer share."""
    return f"""{draws.choose("activity/channel", CHANNELS)} as primary_engagement_channel,
            {draws.uniform("activity/share")} as marketing_share,
            {draws.uniform("activity/depth")} as depth_share,
            round({draws.uniform("activity/consistency")}, 3) as cross_platform_consistency,
            round(2 * {draws.uniform("activity/efficiency")}, 3) as activity_efficiency,
            in_marketo + in_stripe + in_zendesk + floor(2 * {draws.uniform("activity/channels")})
                as active_channel_count,
            {draws.chance("activity/older label", OLDER_RISK_LABELS)} as has_older_risk_label,
            {draws.chance("activity/unsubscribed", 0.08)} as is_unsubscribed,
            {draws.chance("activity/invalid", 0.02)} as is_email_invalid,
            {draws.chance("activity/do not call", 0.05)} as do_not_call,
            in_stripe = 1 and {draws.chance("activity/delinquent", 0.06)} as is_delinquent,
            in_stripe = 1 and {draws.chance("activity/stripe deleted", 0.03)} as stripe_deleted,
            in_zendesk = 1 and zendesk_active = 0
                and {draws.chance("activity/suspended", 0.1)} as zendesk_suspended,
            in_zendesk = 1 and zendesk_active = 0
                and {draws.chance("activity/zendesk deleted", 0.05)} as zendesk_deleted,
            case when in_marketo = 1 then customer_first_touchpoint end
                as marketo_registration_date,
            case when in_stripe = 1 then customer_first_touchpoint
                + floor(20 * {draws.uniform("activity/stripe date")}) * interval '1 day' end
                as stripe_registration_date,
            case when in_zendesk = 1 then customer_first_touchpoint
                + floor(40 * {draws.uniform("activity/zendesk date")}) * interval '1 day' end
                as zendesk_registration_date"""


def _measured(draws: Draws, seed: int, as_of: datetime.date) -> str:
    """The figures of a row; a changed row has others, and is often of an older run."""
    activity_ids = ids(
        seed,
        "activity",
        {"marketo": "copy // times", "stripe": "copy % times", "zendesk": "copy // times"},
    )
    active_days = ",\n            ".join(
        f"(days_since_last_activity <= {days})::integer as active_{days}_days"
        for days in (30, 60, 90, 180, 365)
    )
    return f"""
    varied as (
        select
            * replace (
                least(5, risk_level + (is_changed and copy % 2 = 1)::integer) as risk_level,
                greatest(0, health - 4 * is_changed::integer) as health
            ),
            round({varied("engagement", draws, "activity/engagement")}, 2)
                as composite_engagement_score,
            {analysed_at(as_of, hour=3)} as activity_analysis_timestamp
        from changed
    ),
    measured as (
        select
            * replace ({key()} as primary_email),
            {activity_ids},
            round(.8 * composite_engagement_score + 1.5 * marketing_share, 2)
                as weighted_engagement_score,
            round(health, 1) as customer_health_score,
            case
                when composite_engagement_score >= 15 then 'A'
                when composite_engagement_score >= 11 then 'B'
                when composite_engagement_score >= 7 then 'C'
                when composite_engagement_score >= 3 then 'D'
                else 'F'
            end as activity_grade,
            round(composite_engagement_score * (1 + risk_level / 5.0), 2)
                as activity_priority_score,
            round(days_since_last_activity / 7.0, 1) as weeks_since_last_activity,
            round(days_since_last_activity / 30.4375, 1) as months_since_last_activity,
            round(composite_engagement_score * marketing_share, 2) as marketing_engagement_score,
            round(composite_engagement_score * (1 - marketing_share) * .6, 2)
                as sales_engagement_score,
            round(composite_engagement_score * (1 - marketing_share) * .4, 2)
                as support_engagement_score,
            round(5 * marketing_share * depth_share, 2) as marketing_depth,
            round(5 * (1 - marketing_share) * depth_share, 2) as sales_depth,
            round(5 * (1 - depth_share), 2) as support_depth,
            case engagement_velocity
                when 'Accelerating' then 'Gaining'
                when 'Stable' then 'Steady'
                when 'Volatile' then 'Mixed'
                else 'Losing'
            end as activity_momentum,
            case when account_age_days < 365 then 'New'
                when account_age_days < 1095 then 'Established' else 'Mature' end
                as engagement_maturity,
            round(1.6 * composite_engagement_score, 1) as estimated_monthly_activities,
            round(1.7 * composite_engagement_score, 1) as predicted_next_month_activity,
            round(1.5 * composite_engagement_score, 1) as seasonally_adjusted_activity,
            {active_days},
            case
                when has_older_risk_label and risk_level = 2 then 'Low Activity Risk'
                when has_older_risk_label and risk_level = 4 then 'High Activity Risk'
                else ({literals(RISK_LEVELS)})[risk_level]
            end as activity_risk_level,
            ({literals(INTERVENTIONS)})[risk_level] as recommended_activity_intervention
        from varied
    )"""
