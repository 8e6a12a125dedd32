"""Contradictory settings stop `dbt build` before anything is built, with one sentence.

Each case is what a user writes under `vars:`. All run in one process, in which dbt keeps its parsed
templates, so that a case takes a fraction of a second; settings are still read anew every time.
"""

import contextlib
import copy
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
PUBLISHED = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "customer_health"
]
PRESETS = PUBLISHED["customer_health_presets"]

Settings = dict[str, Any]


def policy(*path: Any, value: Any) -> Settings:
    """Settings in which the preset run_rate has `value` at `path`, all else as published."""
    block = copy.deepcopy(PRESETS["run_rate"])
    place = block
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return {"customer_health_extra_policies": {"run_rate": {path[0]: block[path[0]]}}}


def metric(**keys: Any) -> Settings:
    """Settings in which the second activity metric of run_rate carries these keys besides."""
    entry = {"metric": "total_activities_30d", "weight": 0.5, "scale": "min_max"}
    return policy("dimensions", 0, "metrics", 1, value=entry | keys)


def extra(name: str, block: Any) -> Settings:
    """Settings in which a policy of the user's own is defined and scored."""
    return {
        "customer_health_extra_policies": {name: block},
        "customer_health_policies": ["run_rate", name],
    }


def alerting(*path: Any, value: Any) -> Settings:
    """Settings in which customer_health_alerts has `value` at `path`, all else as published."""
    block = copy.deepcopy(PUBLISHED["customer_health_alerts"])
    place = block
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return {"customer_health_alerts": block}


def alert_rule(**keys: Any) -> Settings:
    """Settings with one alert rule, the published recency rule with these keys besides."""
    return {"customer_health_alert_rules": [PUBLISHED["customer_health_alert_rules"][0] | keys]}


def levels(*at_least: float) -> Settings:
    """Settings with risk levels that begin at these low-health rates."""
    rungs = [{"risk_level": f"Level {i}", "at_least": rate} for i, rate in enumerate(at_least)]
    return {"customer_health_risk_levels": rungs}


def written(column: str = "every_column", **format_: Any) -> Settings:
    """Settings in which a column of the account view is written in a format of its own."""
    return {"customer_health_formats": {"salesforce__customer_360_view": {column: format_}}}


def suite(tool: str, *path: Any, value: Any) -> Settings:
    """Settings in which customer_success_<tool> has `value` at `path`, all else as published."""
    return changed(f"customer_success_{tool}", *path, value=value)


def part(name: str, *path: Any, value: Any) -> Settings:
    """Settings in which customer_health_<name> has `value` at `path`, all else as published."""
    return changed(f"customer_health_{name}", *path, value=value)


def changed(name: str, *path: Any, value: Any) -> Settings:
    """Settings in which this block has `value` at `path`, all else as published."""
    block = copy.deepcopy(PUBLISHED[name])
    place = block
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return {name: block}


def signals(key: str, changes: dict[str, Any]) -> Settings:
    """Settings in which customer_health_signals has these limits besides."""
    block = copy.deepcopy(PUBLISHED["customer_health_signals"])
    block[key] |= changes
    return {"customer_health_signals": block}


def block(name: str, *path: Any, value: Any) -> Settings:
    """Settings in which the block `name` has `value` at `path`, all else as published."""
    changed = copy.deepcopy(PUBLISHED[name])
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return {name: changed}


def history(**keys: Any) -> Settings:
    """Settings of the history with these keys, all else as published."""
    return {"customer_health_history": PUBLISHED["customer_health_history"] | keys}


# What is wrong -> the settings, and what the sentence must name.
CASES: dict[str, tuple[Settings, list[str]]] = {
    # Weights
    "dimension weights sum to 0.95": (
        policy("dimensions", 3, "weight", value=0.05),
        ["policy run_rate, key dimensions", "sum to 0.95"],
    ),
    "metric weights sum to 1.1": (
        metric(weight=0.6),
        ["policy run_rate, key dimensions, dimension activity", "sum to 1.1"],
    ),
    "weight is text": (
        policy("dimensions", 0, "weight", value="0.4"),
        ["policy run_rate, key dimensions, key weight", "not a number"],
    ),
    "weight is negative": (
        policy("dimensions", 0, "weight", value=-0.4),
        ["policy run_rate, key dimensions, key weight", "-0.4"],
    ),
    "weight is 0": (metric(weight=0), ["policy run_rate", "dimension activity", "the weight 0"]),
    "weight has seven decimals": (
        policy("dimensions", 0, "weight", value=0.4000001),
        ["policy run_rate, key dimensions", "0.4000001", "six decimals"],
    ),
    # Signals
    "metric of customers that are not built": (
        {
            "customer_health_policies": ["run_rate", "five_families"],
            "customer_health_subjects": ["account_health"],
        },
        ["policy five_families", "metric login_frequency", "customer-success records"],
    ),
    "reads_signals is text": (
        extra("mine", {"extends": "run_rate", "reads_signals": "yes"}),
        ["policy mine, key reads_signals", "yes"],
    ),
    "staleness limit of an unknown family": (
        signals("staleness_limit_days", {"usage": 45}),
        ["setting customer_health_signals, key staleness_limit_days", "usage"],
    ),
    "staleness limit of an unknown signal": (
        signals("staleness_limit_days_of_signal", {"logins": 45}),
        ["setting customer_health_signals", "unknown key logins"],
    ),
    "staleness limit of 0 days": (
        signals("staleness_limit_days", {"support": 0}),
        ["setting customer_health_signals, staleness limit of support", "1 to 36500"],
    ),
    "staleness limit of half a day": (
        signals("staleness_limit_days_of_signal", {"csat_score": 1.5}),
        ["setting customer_health_signals, staleness limit of csat_score", "whole days"],
    ),
    # Dimensions and metrics
    "no dimensions": (
        policy("dimensions", value=[]),
        ["policy run_rate, key dimensions", "not a list with entries"],
    ),
    "dimensions are text": (
        policy("dimensions", value="activity"),
        ["policy run_rate, key dimensions", "not a list with entries"],
    ),
    "dimension without metrics": (
        policy("dimensions", 0, "metrics", value=[]),
        ["policy run_rate, key dimensions, dimension activity", "not a list with entries"],
    ),
    "dimension twice": (
        policy("dimensions", 1, "dimension", value="activity"),
        ["policy run_rate, key dimensions", "names activity twice"],
    ),
    "dimension with an unusable name": (
        policy("dimensions", 0, "dimension", value="My activity"),
        ["policy run_rate, key dimensions", "unusable name"],
    ),
    "metric twice": (
        metric(metric="days_since_last_activity"),
        ["policy run_rate, key dimensions", "names days_since_last_activity twice"],
    ),
    "unknown metric": (
        metric(metric="total_activitys_30d"),
        ["policy run_rate, key dimensions", "metric total_activitys_30d", "unknown"],
    ),
    "metric is not a block": (
        policy("dimensions", 0, "metrics", 1, value="total_activities_30d"),
        ["policy run_rate, key dimensions, dimension activity", "not a block of keys"],
    ),
    "misspelt key of a metric": (
        metric(directon="lower"),
        ["policy run_rate, key dimensions", "unknown key directon"],
    ),
    "unknown scale": (
        metric(scale="minmax"),
        ["policy run_rate", "metric total_activities_30d, key scale", "minmax"],
    ),
    "unknown direction": (
        metric(direction="down"),
        ["policy run_rate", "metric total_activities_30d, key direction", "down"],
    ),
    "unknown transform": (
        metric(pre_transform="log"),
        ["policy run_rate", "metric total_activities_30d, key pre_transform", "log"],
    ),
    "square root of what can be negative": (
        metric(metric="activity_trend_30d", pre_transform="sqrt"),
        ["policy run_rate", "metric activity_trend_30d", "sqrt", "pre_transform"],
    ),
    "unknown peer group": (
        metric(peer_group="region"),
        ["policy run_rate", "metric total_activities_30d, key peer_group", "region"],
    ),
    "peer group where accounts are not compared": (
        metric(scale="as_is", peer_group="industry"),
        ["policy run_rate", "metric total_activities_30d", "peer_group", "as_is"],
    ),
    "target without bounds": (
        metric(scale="target"),
        ["policy run_rate", "metric total_activities_30d, key lower", "not a number"],
    ),
    "target with lower above upper": (
        metric(scale="target", lower=10, upper=5),
        ["policy run_rate", "metric total_activities_30d", "lower 10", "upper 5"],
    ),
    "target with equal bounds": (
        metric(scale="target", lower=5, upper=5),
        ["policy run_rate", "metric total_activities_30d", "lower 5", "upper 5"],
    ),
    "fixed bounds with another scale": (
        metric(lower=0, upper=5),
        ["policy run_rate", "metric total_activities_30d", "fixed bounds", "min_max"],
    ),
    "winsorized with reversed quantiles": (
        metric(scale="winsorized", lower_quantile=0.95, upper_quantile=0.05),
        ["policy run_rate", "metric total_activities_30d", "lower_quantile 0.95"],
    ),
    "quantiles with another scale": (
        metric(lower_quantile=0.1),
        ["policy run_rate", "metric total_activities_30d", "quantile bounds", "min_max"],
    ),
    "quantile given in percent": (
        metric(scale="winsorized", upper_quantile=95),
        ["policy run_rate", "metric total_activities_30d, key upper_quantile", "95"],
    ),
    # Size points
    "size points lack a segment": (
        policy("size_points", value={"Small Business": 0, "Large": 0.8, "Enterprise": 1}),
        ["policy run_rate, key size_points", "lacks the key Mid-Market"],
    ),
    "size points above 1": (
        policy("size_points", "Large", value=80),
        ["policy run_rate, key size_points, segment Large", "80"],
    ),
    "size points scored but not given": (
        policy("size_points", value={}),
        ["policy run_rate", "size_points"],
    ),
    "size segments that the policies do not know": (
        {"customer_health_size_segments": ["Small", "Big"]},
        ["policy run_rate, key size_points", "lacks the key Small"],
    ),
    # Bands and tiers
    "gap below the last band": (
        policy("bands", 2, "at_least", value=10),
        ["policy run_rate, key bands", "gap below 10"],
    ),
    "bands do not descend": (
        policy("bands", 0, "at_least", value=50),
        ["policy run_rate, key bands", "does not descend"],
    ),
    "band twice": (policy("bands", 1, "band", value="High"), ["key bands", "names High twice"]),
    "band named like the missing one": (
        policy("bands", 1, "band", value="Unscored"),
        ["policy run_rate, key bands", "names Unscored twice"],
    ),
    "band bound is text": (
        policy("bands", 0, "at_least", value="80 points"),
        ["policy run_rate, key bands, band High", "not a number"],
    ),
    "tier without a bound": (
        policy("tiers", 1, value={"tier": "B"}),
        ["policy run_rate, key tiers, tier B", "0 bounds"],
    ),
    "last tier with a bound": (
        policy("tiers", 3, value={"tier": "D", "above_quantile": 0.1}),
        ["policy run_rate, key tiers, tier D", "1 bounds"],
    ),
    "tier with both bounds": (
        policy("tiers", 1, value={"tier": "B", "above_quantile": 0.5, "at_least_quantile": 0.5}),
        ["policy run_rate, key tiers, tier B", "2 bounds"],
    ),
    "tiers do not descend": (
        policy("tiers", 1, "above_quantile", value=0.8),
        ["policy run_rate, key tiers", "does not descend"],
    ),
    # Forecast
    "forecast without parts": (
        policy("forecast", "parts", value={}),
        ["policy run_rate, key forecast, key parts", "empty"],
    ),
    "unknown part of the forecast": (
        policy("forecast", "parts", "renewals", value={}),
        ["policy run_rate, key forecast, key parts", "unknown key renewals"],
    ),
    "forecast of an unknown amount": (
        policy("forecast", "parts", "run_rate_revenue", "amount", value="arr"),
        ["policy run_rate, key forecast, part run_rate_revenue, key amount", "arr"],
    ),
    "no horizon": (
        policy("forecast", "horizon_months", value=0),
        ["policy run_rate, key forecast, key horizon_months", "0"],
    ),
    "negative share": (
        policy("forecast", "parts", "run_rate_revenue", "share", value=-1),
        ["policy run_rate, key forecast, part run_rate_revenue, key share", "-1"],
    ),
    # The policy as a whole
    "min_coverage above 1": (
        policy("min_coverage", value=2),
        ["policy run_rate, key min_coverage", "2"],
    ),
    "scaled_when_constant is text": (
        policy("scaled_when_constant", value="half"),
        ["policy run_rate, key scaled_when_constant", "not a number"],
    ),
    "misspelt key of a policy": (
        policy("min_covrage", value=0.5),
        ["policy run_rate", "unknown key min_covrage"],
    ),
    "extends an unknown preset": (
        extra("mine", {"extends": "runrate"}),
        ["policy mine, key extends", "runrate"],
    ),
    "a policy of one's own that lacks keys": (
        extra("mine", {"min_coverage": 0.5}),
        ["policy mine", "lacks the key"],
    ),
    "a policy that is not a block": (extra("mine", "run_rate"), ["policy mine", "not a block"]),
    "a policy with an unusable name": (
        extra("My-Policy", {"extends": "run_rate"}),
        ["policy My-Policy", "unusable name"],
    ),
    "unknown active policy": (
        {"customer_health_policy": "best"},
        ["setting customer_health_policy is best"],
    ),
    "active policy that is not scored": (
        {"customer_health_policies": ["win_probability"]},
        ["setting customer_health_policy is run_rate", "not scored"],
    ),
    "scored policy that is not defined": (
        {"customer_health_policies": ["run_rate", "mine"]},
        ["setting customer_health_policies", "names mine"],
    ),
    "policy scored twice": (
        {"customer_health_policies": ["run_rate", "run_rate"]},
        ["setting customer_health_policies", "twice"],
    ),
    "no policy scored": (
        {"customer_health_policies": []},
        ["setting customer_health_policies", "not a list with entries"],
    ),
    # Other settings
    "as_of_date that has not come": (
        {"as_of_date": "2999-12-31"},
        ["setting as_of_date", "2999-12-31", "a day that has not come", "up to today"],
    ),
    "future dates neither refused nor allowed": (
        {"customer_health_future_dates": True},
        ["setting customer_health_future_dates", "True"],
    ),
    "as_of_date in another notation": (
        {"as_of_date": "31.12.2026"},
        ["setting as_of_date", "31.12.2026", "YYYY-MM-DD"],
    ),
    "unknown subject": (
        {"customer_health_subjects": ["account_health", "churn"]},
        ["setting customer_health_subjects", "churn"],
    ),
    "industry twice": (
        {"customer_health_industries": ["Retail", "Retail"]},
        ["setting customer_health_industries", "names retail twice"],
    ),
    "no industries": (
        {"customer_health_industries": []},
        ["setting customer_health_industries", "not a list with entries"],
    ),
    "gap below the last risk level": (
        levels(0.7, 0.4),
        ["setting customer_health_risk_levels", "gap below 0.4"],
    ),
    "risk levels do not descend": (
        levels(0.4, 0.7, 0),
        ["setting customer_health_risk_levels", "does not descend"],
    ),
    "risk level above 1": (
        levels(70, 0.4, 0),
        ["setting customer_health_risk_levels", "Level 0", "70"],
    ),
    "small sample is text": (
        {"customer_health_small_sample": "thirty"},
        ["setting customer_health_small_sample", "not a number"],
    ),
    "personal data that are hidden": (
        {"customer_health_personal_data": "hide"},
        ["setting customer_health_personal_data is hide", "use one of keep, hash, drop"],
    ),
    "private marts as text": (
        {"customer_health_private_marts": "account_health"},
        ["setting customer_health_private_marts", "not a list"],
    ),
    "format with one sign for two": (
        written("annual_revenue", thousands_sign="."),
        ["salesforce__customer_360_view, annual_revenue", "one sign for decimals and thousands"],
    ),
    "format with a unit of digits": (written(units=["$", "1"]), ["key units", "has 1"]),
    "format with an unknown order": (written(date_order="ydm"), ["key date_order", "mdy"]),
    "min_coverage is not a number at all": (
        policy("min_coverage", value=float("nan")),
        ["policy run_rate, key min_coverage", "not a number"],
    ),
    "min_coverage with seven decimals": (
        policy("min_coverage", value=0.1234567),
        ["policy run_rate, key min_coverage", "six decimals"],
    ),
    "a band with quotation marks": (
        policy("bands", 0, "band", value="Top 'A'"),
        ["policy run_rate, key bands", "quotation marks"],
    ),
    "half a month": (
        policy("forecast", "horizon_months", value=6.5),
        ["policy run_rate, key forecast, key horizon_months", "whole months"],
    ),
    "extra policies as text": (
        {"customer_health_extra_policies": "run_rate"},
        ["setting customer_health_extra_policies", "not a block"],
    ),
    "extends a list": (
        extra("mine", {"extends": ["run_rate"]}),
        ["policy mine, key extends", "run_rate"],
    ),
    "a policy name that is a list": (
        {"customer_health_policies": [["run_rate"]]},
        ["setting customer_health_policies", "not defined"],
    ),
    "a day that never was": (
        {"as_of_date": "2026-02-30"},
        ["setting as_of_date", "2026-02-30", "never was"],
    ),
    "subjects as text": (
        {"customer_health_subjects": "account_health"},
        ["setting customer_health_subjects", "not a list"],
    ),
    "size segments as a number": (
        {"customer_health_size_segments": 4},
        ["setting customer_health_size_segments", "not a list"],
    ),
    "industries that differ in case only": (
        {"customer_health_industries": ["Retail", "retail"]},
        ["setting customer_health_industries", "twice"],
    ),
    "risk level twice": (
        {
            "customer_health_risk_levels": [
                {"risk_level": "High", "at_least": 0.5},
                {"risk_level": "High", "at_least": 0},
            ]
        },
        ["setting customer_health_risk_levels", "twice"],
    ),
    # Customer success
    "dimensions of health that sum to 1.1": (
        suite("health", "weights", "usage", "weight", value=0.4),
        ["setting customer_success_health", "sum to 1.1"],
    ),
    "a metric of health that no document has": (
        suite("health", "weights", "usage", "metrics", "logins", value=0.1),
        ["setting customer_success_health", "logins"],
    ),
    "no default segment among the segments": (
        suite("health", "default_segment", value="startup"),
        ["setting customer_success_health", "default_segment"],
    ),
    "signals of churn that sum to 0.9": (
        suite("churn", "weights", "commercial_factors", value=0),
        ["setting customer_success_churn, key weights"],
    ),
    "measures of churn that sum to 1.1": (
        suite("churn", "measures", "usage_decline", "login_trend", "weight", value=0.5),
        ["setting customer_success_churn, key measures, key usage_decline", "sum to 1.1"],
    ),
    "a measure of churn without points": (
        suite("churn", "measures", "usage_decline", "login_trend", value={"weight": 0.4}),
        ["key login_trend", "lacks the key points"],
    ),
    "a measure with a weight among others without": (
        suite("churn", "measures", "commercial_factors", "contract_type", "weight", value=1),
        ["key commercial_factors", "with a weight and without"],
    ),
    "steps of churn that ascend": (
        suite(
            "churn",
            *("measures", "relationship_signals", "competitor_mentions", "steps"),
            value=[{"at_least": 1, "points": 12}, {"at_least": 3, "points": 35}],
        ),
        ["key competitor_mentions, key steps"],
    ),
    "urgency that grows further away": (
        suite("churn", "urgency", 1, "multiplier", value=2),
        ["setting customer_success_churn, key urgency", "2"],
    ),
    "a gap below the last risk tier": (
        suite("churn", "risk_tiers", 3, "at_least", value=10),
        ["setting customer_success_churn, key risk_tiers", "gap below 10"],
    ),
    "an effort without a multiplier": (
        suite("expansion", "effort_multipliers", value={"low": 3, "medium": 2}),
        ["setting customer_success_expansion", "high"],
    ),
    "a review item of low priority due before one of high": (
        suite("review", "due_days", "low", value=1),
        ["setting customer_success_review, key due_days", "low"],
    ),
    "a playbook that is unknown": (
        part("plans", "sources", value=["alert", "hunch"]),
        ["setting customer_health_plans, key sources", "hunch", "strategy_matrix"],
    ),
    "an alert of low severity due before a critical one": (
        part("plans", "alert_due_days", "critical", value=20),
        ["setting customer_health_plans, key alert_due_days, key high", "20"],
    ),
    "half a scenario in a plan": (
        part("plans", "scenarios_in_plan", value=1.5),
        ["setting customer_health_plans, key scenarios_in_plan", "whole number"],
    ),
    "a plan for scenarios that do not match": (
        part("plans", "plan_at_least", value=2),
        ["setting customer_health_plans, key plan_at_least", "2", "3 to 1000"],
    ),
    "medium confidence above high": (
        part("brief", "confidence", "medium_at_least", value=0.95),
        ["setting customer_health_brief, key confidence, key medium_at_least", "0.95"],
    ),
    "a renewal without a least number of outcomes": (
        part("brief", "renewal", value={"days_before": 90, "tolerance_days": 21}),
        ["setting customer_health_brief, key renewal", "lacks the key min_outcomes"],
    ),
    "an alert rule with an unknown measure": (
        alert_rule(any_of=[{"measure": "mood", "above": 1}]),
        ["setting customer_health_alert_rules, rule recency, key any_of", "mood"],
    ),
    "an alert rule that compares twice": (
        alert_rule(any_of=[{"measure": "health_score", "above": 1, "below": 2}]),
        ["rule recency", "compares health_score 2 times"],
    ),
    "an alert rule that closes where it is open": (
        alert_rule(any_of=[{"measure": "total_activities_30d", "below": 3, "closes": 2}]),
        ["rule recency", "closes total_activities_30d at 2"],
    ),
    "an alert rule with an unknown severity": (
        alert_rule(severity="urgent"),
        ["rule recency, key severity", "urgent"],
    ),
    "an alert rule that judges nobody we know": (
        alert_rule(entity="owner"),
        ["rule recency, key entity", "owner"],
    ),
    "an alert rule with the name of a churn warning": (
        alert_rule(rule="churn_warning_mine"),
        ["rule churn_warning_mine"],
    ),
    "two alert rules of one name": (
        {"customer_health_alert_rules": [PUBLISHED["customer_health_alert_rules"][0]] * 2},
        ["setting customer_health_alert_rules", "recency twice"],
    ),
    "an alert for an unknown churn warning": (
        {"customer_health_churn_warning_alerts": {"mood": {"actionability": 1, "action": "Ask"}}},
        ["setting customer_health_churn_warning_alerts", "mood"],
    ),
    "an alert weight above 1": (
        alerting("weights", "value", value=1.5),
        ["setting customer_health_alerts, key weights, key value", "1.5"],
    ),
    "an alert weight with three decimals": (
        alerting("weights", "value", value=0.125),
        ["key weights, key value", "two decimals"],
    ),
    "urgency that grows with less severity": (
        alerting("severities", "low", value=0.6),
        ["key severities", "does not descend"],
    ),
    "urgency of an unknown trajectory": (
        alerting("trajectory_urgency", value={"sideways": 0.1}),
        ["key trajectory_urgency", "sideways"],
    ),
    "half a day of cool-down": (
        alerting("cool_down_days", value=0.5),
        ["key cool_down_days", "0.5"],
    ),
    "alerts that look back too little": (
        alerting("look_back_days", value=40),
        ["key look_back_days", "44"],
    ),
    "a long notice below the short one": (
        alerting("notice_days", value={"short": 60, "long": 45}),
        ["key notice_days"],
    ),
    "alerts replayed from a day that is none": (
        alerting("replay_from", value="June"),
        ["key replay_from", "June"],
    ),
    "alerts replayed from a thirteenth month": (
        alerting("replay_from", value="2026-13-01"),
        ["key replay_from", "2026-13-01", "a day that never was"],
    ),
    "a segment in upper case": (
        {"customer_success_segments": ["Enterprise"]},
        ["setting customer_success_segments", "Enterprise", "lower case"],
    ),
    "a history that keeps a negative number of days": (
        history(keep_days=-1),
        ["setting customer_health_history, keep_days", "is -1"],
    ),
    "a history that keeps days from before all calendars": (
        history(keep_days=1_000_000),
        ["setting customer_health_history, keep_days", "36500"],
    ),
    "a history that keeps days as text": (
        history(keep_days="90 days"),
        ["setting customer_health_history, keep_days", "not a number"],
    ),
    "an unknown back-fill": (
        history(backfill="newest"),
        ["setting customer_health_history, backfill", "newest", "missing, all, none"],
    ),
    "a back-fill that is left out": (
        {"customer_health_history": {"keep_days": 90}},
        ["setting customer_health_history", "lacks the key backfill"],
    ),
    "risk levels as a block": (
        {"customer_health_risk_levels": {"High": 0.7}},
        ["setting customer_health_risk_levels", "not a list"],
    ),
    # Trajectories and segments
    "a look-back shorter than the window": (
        block("customer_health_trajectory", "recovery_look_back_weeks", value=12),
        ["setting customer_health_trajectory, key recovery_look_back_weeks", "12"],
    ),
    "a window of half a week": (
        block("customer_health_trajectory", "window_weeks", value=12.5),
        ["setting customer_health_trajectory, key window_weeks", "whole number"],
    ),
    "a span longer than the window": (
        block("customer_health_trajectory", "min_span_days", value=92),
        ["setting customer_health_trajectory, key min_span_days", "at most 91"],
    ),
    "a turning tolerance as wide as the dead band": (
        block("customer_health_trajectory", "turning_tolerance", value=5),
        ["setting customer_health_trajectory, key turning_tolerance", "dead_band"],
    ),
    "a dead band of 0": (
        block("customer_health_trajectory", "dead_band", value=0),
        ["setting customer_health_trajectory, key dead_band"],
    ),
    "an unknown key of trajectories": (
        block("customer_health_trajectory", "smoothing", value=1),
        ["setting customer_health_trajectory", "unknown key smoothing"],
    ),
    "a segment twice": (
        block("customer_health_segments", 1, "segment", value="onboarding"),
        ["setting customer_health_segments", "names onboarding twice"],
    ),
    "a last segment with a rule": (
        block("customer_health_segments", 5, "any_of", value=[{"sizes": ["Unknown"]}]),
        ["setting customer_health_segments", "unknown key any_of"],
    ),
    "a segment without a rule": (
        block("customer_health_segments", 2, "any_of", value=[]),
        ["setting customer_health_segments, segment quiet, key any_of", "not a list"],
    ),
    "a segment of an unknown size": (
        block("customer_health_segments", 1, "any_of", 0, value={"sizes": ["Huge"]}),
        ["setting customer_health_segments, segment strategic", "Huge"],
    ),
    "a segment by an unknown measure": (
        block("customer_health_segments", 2, "any_of", 0, value={"logins": {"above": 1}}),
        ["setting customer_health_segments, segment quiet", "unknown key logins"],
    ),
    "a bound of a segment without a number": (
        block(
            "customer_health_segments", 0, "any_of", 0, value={"account_age_days": {"at_most": "x"}}
        ),
        ["segment onboarding", "key account_age_days", "not a number"],
    ),
    "a segment that nobody can look after": (
        block("customer_health_segments", 0, "accounts_per_csm", value=0),
        ["segment onboarding, key accounts_per_csm"],
    ),
}


@pytest.fixture(scope="module", autouse=True)
def cached_templates() -> Iterator[None]:
    """Let dbt keep the templates that it has parsed from one case to the next."""
    from dbt_common.tests import disable_test_caching, enable_test_caching

    enable_test_caching()
    yield
    disable_test_caching()


@pytest.fixture(scope="module")
def macros_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project without its models, seeds and tests: what stops a run, dbt reads in a moment."""
    folder = tmp_path_factory.mktemp("macros_alone")
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    settings |= {f"{kind}-paths": [] for kind in ("model", "seed", "analysis", "test")}
    for kind in ("models", "seeds", "data_tests"):
        settings.pop(kind)
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    for path in ("macros", "tests", "profiles.yml"):
        (folder / path).symlink_to(PROJECT / path)
    return folder


def dbt_build(
    settings: Settings, folder: Path, *arguments: str, project: Path = PROJECT
) -> tuple[int, str]:
    """Run `dbt build` with these settings, as its command line does; return status and output."""
    from dbt.cli.main import cli

    command = ["--no-use-colors", "--log-level-file", "none", *arguments, "build"]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    command += ["--no-partial-parse", "--vars", json.dumps(settings)]
    printed = io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        pytest.raises(SystemExit) as stopped,
    ):
        cli.main(command, prog_name="dbt")
    return stopped.value.code, printed.getvalue()


def sentences(output: str) -> list[str]:
    """Return the lines of dbt's output that are ours."""
    return [line.strip() for line in output.splitlines() if "customer_health: " in line]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a work file that does not exist yet, in a folder of its own."""
    path = tmp_path / "work.duckdb"
    monkeypatch.setenv("CUSTOMER_HEALTH_WORK", str(path))
    return path


@pytest.mark.parametrize("wrong", CASES)
def test_contradiction_stops_the_run(wrong: str, work: Path, macros_alone: Path) -> None:
    expect_one_sentence(wrong, work, macros_alone)


@pytest.mark.parametrize(
    "wrong", ["weight is text", "dimensions are text", "metric is not a block", "unknown metric"]
)
def test_contradiction_stops_the_build_of_all_models(wrong: str, work: Path) -> None:
    expect_one_sentence(wrong, work, PROJECT)


def expect_one_sentence(wrong: str, work: Path, project: Path) -> None:
    """Fail unless the case stops `dbt build` with its sentence, before anything is opened."""
    settings, named = CASES[wrong]
    status, output = dbt_build(settings, work.parent, project=project)
    assert status != 0
    assert "Traceback" not in output
    [line] = sentences(output)
    assert line.startswith("customer_health: ")
    assert line.endswith(".")
    assert " None" not in line
    for words in named:
        assert words in line
    assert not work.exists(), "the work file was opened, so something may have been built"


def test_settings_without_contradiction_reach_the_source_check(work: Path) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    block = {"extends": "win_probability", "min_coverage": 1}
    try:
        status, output = dbt_build(extra("mine", block), work.parent)
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert status != 0
    assert "Traceback" not in output
    assert "salesforce__customer_360_view does not exist" in " ".join(sentences(output))
