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
