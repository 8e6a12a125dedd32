"""Demo value: `customer360__customer_value_analysis`, n rows of a customer, for most just one."""

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

TABLE = "customer360__customer_value_analysis"

COLUMNS = {
    "marketo_lead_id": "varchar",
    "stripe_customer_id": "varchar",
    "zendesk_user_id": "varchar",
    "primary_email": "varchar",
    "primary_organization": "varchar",
    "customer_segment": "varchar",
    "customer_tier": "varchar",
    "rfm_segment": "varchar",
    "rfm_score": "varchar",
    "rfm_avg_score": "double",
    "recency_score": "double",
    "frequency_score": "double",
    "monetary_score": "double",
    "estimated_customer_ltv": "double",
    "adjusted_ltv": "double",
    "expected_annual_revenue": "double",
    "revenue_tier": "varchar",
    "strategic_classification": "varchar",
    "value_stability": "varchar",
    "upsell_potential": "varchar",
    "churn_probability": "double",
    "potential_revenue_loss": "double",
    "revenue_risk_percentage": "double",
    "portfolio_contribution_pct": "double",
    "concentration_risk": "varchar",
    "investment_priority_score": "double",
    "acquisition_roi_assessment": "varchar",
    "recommended_engagement_model": "varchar",
    "investment_recommendation": "varchar",
    "success_target": "varchar",
    "development_opportunity": "varchar",
    "customer_health_score": "double",
    "lifecycle_stage": "varchar",
    "risk_category": "varchar",
    "account_age_days": "bigint",
    "days_since_last_activity": "bigint",
    "analysis_timestamp": "timestamp",
}

# Columns in which text formats say 'n/a' where parquet has NaN.
NOT_AVAILABLE = ("estimated_customer_ltv",)

# Share of the rows with a value that no rule accepts: the column and what it says instead.
DEFECTS: Flaws = {
    "negative value": (0.0015, "estimated_customer_ltv", "-estimated_customer_ltv"),
    "value not a number": (0.0015, "estimated_customer_ltv", "'nan'::double"),
    "health above 100": (0.0015, "customer_health_score", "130.0"),
    "monetary above 5": (0.0010, "monetary_score", "7.0"),
    "recency not whole": (0.0010, "recency_score", "2.5"),
    "frequency of 0": (0.0010, "frequency_score", "0.0"),
    "risk above 100": (0.0010, "revenue_risk_percentage", "140.0"),
}

# Share of the rows without a value.
MISSING: Flaws = {
    "no value": (0.010, "estimated_customer_ltv", "null"),
    "no tier": (0.010, "customer_tier", "null"),
    "no health": (0.010, "customer_health_score", "null"),
    "no recency": (0.003, "recency_score", "null"),
    "no frequency": (0.003, "frequency_score", "null"),
    "no monetary": (0.004, "monetary_score", "null"),
    "no analysis time": (0.002, "analysis_timestamp", "null"),
}

# Share of the rows with a label that nobody knows, or a known one that is written unusually.
LABELS: Flaws = {
    "unknown tier": (0.002, "customer_tier", "'Diamond'"),
    "lower case tier": (0.004, "customer_tier", "lower(customer_tier)"),
    "tier with blanks": (0.003, "customer_tier", "'  ' || customer_tier || ' '"),
}

MODELS = ("High Touch", "Medium Touch", "Low Touch", "Digital Only")
OPPORTUNITIES = ("Add-Ons", "More Seats", "Higher Plan", "Services")
TARGETS = ("Retain", "Grow", "Renew", "Recover")


def query(seed: int, as_of: datetime.date) -> str:
    """Return the SELECT of all columns, in order of the customers; `customers.prepare` comes first.

    Money is in currency units, times are UTC and count back from `as_of`.
    """
    draws = Draws(seed)
    stages = (
        rows(draws, "value", 1, _labels(draws)),
        _measured(draws, seed, as_of),
        flawed(draws, "value", {"defect": DEFECTS, "missing": MISSING, "label": LABELS}),
    )
    return f"with\n{','.join(stages)}\n{published(COLUMNS)}"


def _labels(draws: Draws) -> str:
    """What all rows of a customer share."""
    return f"""least(100, greatest(0, health + 3 * ({draws.normal("value/health")})))
                as value_health,
            {draws.uniform("value/churn")} as churn_draw,
            {draws.pick("value/stability", ("Stable", "Variable", "Volatile"))} as value_stability,
            {draws.pick("value/upsell", ("High", "Medium", "Low"))} as upsell_potential,
            {draws.pick("value/return", ("Excellent", "Good", "Fair", "Poor"))}
                as acquisition_roi_assessment,
            {draws.pick("value/model", MODELS)} as recommended_engagement_model,
            {draws.pick("value/opportunity", OPPORTUNITIES)} as development_opportunity,
            {draws.pick("value/target", TARGETS)} as success_target"""


def _measured(draws: Draws, seed: int, as_of: datetime.date) -> str:
    """The figures of a row; a changed row has another value, and is often of an older run."""
    value_ids = ids(seed, "value", {"marketo": "copy", "stripe": "copy", "zendesk": "copy"})
    return f"""
    varied as (
        select
            * replace (
                case when is_changed then greatest(1, recency_score - 1) else recency_score end
                    as recency_score
            ),
            round({varied("ltv", draws, "value/ltv")}, 2) as estimated_customer_ltv,
            round(.03 + .12 * (risk_level - 1) + .3 * churn_draw, 3) as churn_probability,
            {analysed_at(as_of, hour=5)} as analysis_timestamp
        from changed
    ),
    measured as (
        select
            * replace ({key()} as primary_email),
            {value_ids},
            case
                when recency_score + frequency_score + monetary_score >= 13 then 'Champions'
                when recency_score <= 2 and monetary_score >= 4 then 'At Risk'
                when recency_score + frequency_score + monetary_score >= 9 then 'Loyal'
                when recency_score >= 4 then 'Promising'
                else 'Hibernating'
            end as rfm_segment,
            concat(recency_score, frequency_score, monetary_score) as rfm_score,
            round((recency_score + frequency_score + monetary_score) / 3.0, 2) as rfm_avg_score,
            round(estimated_customer_ltv * (1 - .5 * churn_probability), 2) as adjusted_ltv,
            round(estimated_customer_ltv / 3, 2) as expected_annual_revenue,
            case when estimated_customer_ltv >= 30000 then 'High Revenue'
                when estimated_customer_ltv >= 8000 then 'Medium Revenue'
                else 'Low Revenue' end as revenue_tier,
            case when tier >= 4 then 'Strategic' when tier >= 2 then 'Core' else 'Standard' end
                as strategic_classification,
            round(estimated_customer_ltv / 3 * churn_probability, 2) as potential_revenue_loss,
            round(100 * churn_probability, 1) as revenue_risk_percentage,
            round(estimated_customer_ltv / 1e6, 4) as portfolio_contribution_pct,
            case when tier = 5 then 'Medium' else 'Low' end as concentration_risk,
            round(20.0 * tier * churn_probability, 2) as investment_priority_score,
            case when tier >= 4 and risk_level >= 4 then 'Invest Now'
                when tier >= 3 then 'Invest' else 'Maintain' end as investment_recommendation,
            round(value_health, 1) as customer_health_score,
            case when churn_probability >= .5 then 'High Risk'
                when churn_probability >= .3 then 'Medium Risk' else 'Low Risk' end
                as risk_category
        from varied
    )"""
