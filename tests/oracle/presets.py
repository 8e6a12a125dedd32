"""The three published policies, typed in from their description and not from the settings.

`PRESETS` has the shape of the setting `customer_health_presets`. The shapes are written out in
full here on purpose, without sharing parts: a slip in one place must not repeat itself.
"""

from __future__ import annotations

PRESETS: dict[str, dict] = {
    "run_rate": {
        "min_coverage": 0.5,
        "scaled_when_constant": 0.5,
        "dimensions": [
            {
                "dimension": "activity",
                "weight": 0.4,
                "metrics": [
                    {
                        "metric": "days_since_last_activity",
                        "weight": 0.5,
                        "scale": "min_max",
                        "direction": "lower",
                    },
                    {"metric": "total_activities_30d", "weight": 0.5, "scale": "min_max"},
                ],
            },
            {
                "dimension": "contact_quality",
                "weight": 0.3,
                "metrics": [{"metric": "contact_email_coverage", "weight": 1, "scale": "as_is"}],
            },
            {
                "dimension": "business_value",
                "weight": 0.2,
                "metrics": [
                    {"metric": "annual_revenue", "weight": 0.5, "scale": "min_max"},
                    {"metric": "total_won_amount", "weight": 0.5, "scale": "min_max"},
                ],
            },
            {
                "dimension": "account_scale",
                "weight": 0.1,
                "metrics": [
                    {"metric": "size_points", "weight": 0.5, "scale": "as_is"},
                    {"metric": "number_of_employees", "weight": 0.5, "scale": "min_max"},
                ],
            },
        ],
        "size_points": {"Small Business": 0, "Mid-Market": 0.5, "Large": 0.8, "Enterprise": 1},
        "bands": [
            {"band": "High", "at_least": 80},
            {"band": "Medium", "at_least": 50},
            {"band": "Low", "at_least": 0},
        ],
        "forecast": {
            "horizon_months": 6,
            "parts": {
                "run_rate_revenue": {
                    "amount": "total_won_amount",
                    "share": 1,
                    "per_account_age": True,
                    "base": 0.5,
                    "slope": 0.5,
                },
                "pipeline_revenue": {
                    "amount": "current_pipeline_amount",
                    "share": 1,
                    "times_win_rate": True,
                    "base": 0.4,
                    "slope": 0.8,
                },
            },
        },
        "tiers": [
            {"tier": "A", "above_quantile": 0.75},
            {"tier": "B", "above_quantile": 0.5},
            {"tier": "C", "above_quantile": 0.25},
            {"tier": "D"},
        ],
    },
    "win_probability": {
        "min_coverage": 0.5,
        "scaled_when_constant": 0.5,
        "dimensions": [
            {
                "dimension": "activity",
                "weight": 0.4,
                "metrics": [
                    {
                        "metric": "days_since_last_activity",
                        "weight": 0.5,
                        "scale": "min_max",
                        "direction": "lower",
                    },
                    {"metric": "total_activities_30d", "weight": 0.5, "scale": "min_max"},
                ],
            },
            {
                "dimension": "contact_quality",
                "weight": 0.3,
                "metrics": [{"metric": "contact_email_coverage", "weight": 1, "scale": "as_is"}],
            },
            {
                "dimension": "business_value",
                "weight": 0.2,
                "metrics": [
                    {"metric": "annual_revenue", "weight": 0.5, "scale": "min_max"},
                    {"metric": "total_won_amount", "weight": 0.5, "scale": "min_max"},
                ],
            },
            {
                "dimension": "account_scale",
                "weight": 0.1,
                "metrics": [
                    {"metric": "size_points", "weight": 0.6, "scale": "as_is"},
                    {"metric": "number_of_employees", "weight": 0.4, "scale": "min_max"},
                ],
            },
        ],
        "size_points": {"Small Business": 0.25, "Mid-Market": 0.5, "Large": 0.75, "Enterprise": 1},
        "bands": [
            {"band": "High", "at_least": 80},
            {"band": "Medium", "at_least": 50},
            {"band": "Low", "at_least": 0},
        ],
        "forecast": {
            "horizon_months": 6,
            "parts": {
                "pipeline_revenue": {
                    "amount": "current_pipeline_amount",
                    "share": 1,
                    "base": 0,
                    "slope": 1,
                },
                "upsell_revenue": {
                    "amount": "total_won_amount",
                    "share": 0.5,
                    "base": 0.05,
                    "slope": 0.25,
                },
            },
        },
        "tiers": [
            {"tier": "A", "above_quantile": 0.75},
            {"tier": "B", "at_least_quantile": 0.25},
            {"tier": "C"},
        ],
    },
    "pipeline_weighted": {
        "min_coverage": 0.5,
        "scaled_when_constant": 0.5,
        "dimensions": [
            {
                "dimension": "activity",
                "weight": 0.4,
                "metrics": [
                    {
                        "metric": "days_since_last_activity",
                        "weight": 0.5,
                        "scale": "min_max",
                        "direction": "lower",
                    },
                    {"metric": "total_activities_30d", "weight": 0.5, "scale": "min_max"},
                ],
            },
            {
                "dimension": "contact_quality",
                "weight": 0.3,
                "metrics": [{"metric": "contact_email_coverage", "weight": 1, "scale": "as_is"}],
            },
            {
                "dimension": "business_value",
                "weight": 0.2,
                "metrics": [
                    {"metric": "annual_revenue", "weight": 0.5, "scale": "min_max"},
                    {"metric": "total_won_amount", "weight": 0.5, "scale": "min_max"},
                ],
            },
            {
                "dimension": "account_scale",
                "weight": 0.1,
                "metrics": [
                    {"metric": "size_points", "weight": 0.7, "scale": "as_is"},
                    {
                        "metric": "number_of_employees",
                        "weight": 0.3,
                        "scale": "min_max",
                        "post_transform": "sqrt",
                    },
                ],
            },
        ],
        "size_points": {"Small Business": 0.4, "Mid-Market": 0.6, "Large": 0.8, "Enterprise": 1},
        "bands": [
            {"band": "High", "at_least": 80},
            {"band": "Medium", "at_least": 50},
            {"band": "Low", "at_least": 0},
        ],
        "forecast": {
            "horizon_months": 6,
            "parts": {
                "pipeline_revenue": {
                    "amount": "current_pipeline_amount",
                    "share": 0.6,
                    "base": 0,
                    "slope": 1,
                },
                "upsell_revenue": {
                    "amount": "total_won_amount",
                    "share": 0.4,
                    "base": 0,
                    "slope": 1,
                },
            },
        },
        "tiers": [
            {"tier": "A", "above_quantile": 0.75},
            {"tier": "B", "above_quantile": 0.5},
            {"tier": "C", "above_quantile": 0.25},
            {"tier": "D"},
        ],
    },
}

# The preset over the signals: scored on request only. Metric -> weight, bounds, lower is better.
TARGETS: dict[str, dict[str, tuple]] = {
    "adoption": {
        "login_frequency": (0.25, 0, 80),
        "feature_adoption": (0.30, 0, 70),
        "dau_mau_ratio": (0.20, 0, 0.4),
        "seat_utilisation": (0.25, 0, 0.9),
    },
    "engagement": {
        "days_since_last_activity": (0.35, 0, 60, "lower"),
        "total_activities_30d": (0.25,),
        "meeting_attendance": (0.20, 0, 85),
        "nps_score": (0.20, 0, 8),
    },
    "support": {
        "csat_score": (0.30, 1, 4),
        "open_tickets": (0.25, 0, 15, "lower"),
        "escalation_rate": (0.25, 0, 0.3, "lower"),
        "avg_resolution_hours": (0.20, 0, 96, "lower"),
    },
    "commercial": {
        "total_won_amount": (0.25,),
        "current_pipeline_amount": (0.25,),
        "win_rate_percentage": (0.20, 0, 60),
        "days_to_contract_end": (0.15, 0, 180),
        "budget_cuts_mentioned": (0.15, "as_is", "lower"),
    },
    "relationship": {
        "contact_email_coverage": (0.25, "as_is"),
        "executive_sponsor_engagement": (0.25, 0, 75),
        "multi_threading_depth": (0.20, 0, 3),
        "renewal_sentiment": (0.15, 0, 100),
        "champion_left": (0.15, "as_is", "lower"),
    },
}
FAMILY_WEIGHTS = {
    "adoption": 0.25,
    "engagement": 0.20,
    "support": 0.15,
    "commercial": 0.20,
    "relationship": 0.20,
}


def signal_metric(metric: str, weight: float, *rest: object) -> dict:
    """A metric of five_families: between two targets, as it is, or winsorized among its peers."""
    entry: dict = {"metric": metric, "weight": weight}
    direction = {"direction": "lower"} if "lower" in rest else {}
    if "as_is" in rest:
        return {**entry, "scale": "as_is", **direction}
    if not rest:
        return {**entry, "scale": "winsorized", "peer_group": "account_size_segment"}
    return {**entry, "scale": "target", "lower": rest[0], "upper": rest[1], **direction}


FIVE_FAMILIES: dict = {
    "min_coverage": 0.3,
    "scaled_when_constant": 0.5,
    "reads_signals": True,
    "dimensions": [
        {
            "dimension": family,
            "weight": FAMILY_WEIGHTS[family],
            "metrics": [signal_metric(metric, *rest) for metric, rest in metrics.items()],
        }
        for family, metrics in TARGETS.items()
    ],
    "bands": [
        {"band": "healthy", "at_least": 75},
        {"band": "watch", "at_least": 55},
        {"band": "risk", "at_least": 35},
        {"band": "crisis", "at_least": 0},
    ],
    "forecast": PRESETS["run_rate"]["forecast"],
    "tiers": PRESETS["run_rate"]["tiers"],
}
