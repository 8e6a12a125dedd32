"""The report churn_risk_analysis: risk, warnings and the playbook of the tier per customer."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from customer_health.export.forms import (
    figure,
    label,
    money,
    number,
    numbered,
    score,
    title,
    wrapped,
)
from customer_health.export.lines import (
    ITEMS,
    Lines,
    amount,
    choice,
    constant,
    evaluated,
    object_,
    plain,
    text,
    word,
)
from customer_health.export.method import playbooks, weights
from customer_health.export.reading import Marts, Query
from customer_health.sql import literal

REPORT = "churn_risk_analysis"
TITLE = "Churn risk analysis"
NEEDED = ("customer_success_churn_risk", "customer_success_warnings")

TIERS = ("critical", "high", "medium", "low", "unscored")

SIGNAL_SCORES = (
    "usage_decline",
    "engagement_drop",
    "support_issues",
    "relationship_signals",
    "commercial_factors",
)

# {value} as the mart has it, {size} without its sign.
SIGNALS = {
    "login_trend": "Logins down by {size} percentage points",
    "feature_adoption_change": "Feature adoption down by {size} percentage points",
    "dau_mau_change": "Daily use (DAU/MAU) down by {ratio}",
    "meeting_cancellations": "Meetings cancelled: {value}",
    "response_time_days": "Takes {value} days to answer",
    "nps_change": "NPS down by {size} points",
    "unresolved_critical": "Critical issues unresolved: {value}",
    "open_escalations": "Open escalations: {value}",
    "satisfaction_trend": "Satisfaction with support is {value}",
    "champion_left": "The champion has left",
    "sponsor_change": "The executive sponsor has changed",
    "competitor_mentions": "Mentions of competitors: {value}",
    "contract_type": "Contract runs {value}",
    "pricing_complaints": "Complains about the price",
    "budget_cuts_mentioned": "Mentions budget cuts",
}

SUMMARY = """
select
    count(*),
    count(case when risk_tier = 'critical' then 1 end),
    count(case when risk_tier = 'high' then 1 end),
    count(case when risk_tier = 'medium' then 1 end),
    count(case when risk_tier = 'low' then 1 end),
    cast(sum(case when risk_tier in ('critical', 'high') then arr end) as {text})
from {marts}.customer_success_churn_risk
"""
CUSTOMERS = Query(
    {
        "place": ("decimal(28, 6)", "-coalesce(risk_score, -1)"),
        "record_number": "bigint",
        **dict.fromkeys(("customer_id", "name", "segment", "arr", "risk_score"), "{text}"),
        **dict.fromkeys(("raw_score", "risk_tier"), "{text}"),
        "urgency_multiplier": "{double}",
        "days_to_renewal": "bigint",
        "is_expired": "boolean",
        **{f"{name}_score": "{text}" for name in SIGNAL_SCORES},
    },
    "{marts}.customer_success_churn_risk",
    keys=2,
)
WARNINGS = Query(
    {
        "place": ("decimal(28, 6)", "-coalesce(risk.risk_score, -1)"),
        "record_number": ("bigint", "risk.record_number"),
        "position": ("bigint", "warnings.position"),
        "source": ("{text}", "warnings.source"),
        "severity": ("{text}", "warnings.severity"),
        "value": ("{text}", "warnings.value"),
    },
    "{marts}.customer_success_warnings as warnings"
    " inner join {marts}.customer_success_churn_risk as risk"
    " on warnings.customer_id = risk.customer_id",
    keys=3,
)


def _signal() -> str:
    """Return the SQL of the sentence of a warning."""
    parts = {
        "{value}": "coalesce(value, '')",
        "{size}": "regexp_replace(coalesce(value, ''), '^-', '')",
        "{ratio}": "format('{:.2f}', abs(cast(value as double)))",
    }
    cases = []
    for source, sentence in SIGNALS.items():
        words = [piece for piece in re.split(r"(\{\w+\})", sentence) if piece]
        sql = " || ".join(parts.get(piece) or literal(piece) for piece in words)
        cases.append(f"when {literal(source)} then {sql}")
    other = "replace(upper(left(source, 1)) || lower(substr(source, 2)), '_', ' ')"
    return f"case source {' '.join(cases)} else {other} || ': ' || coalesce(value, '') end"


SIGNAL = _signal()


def signal(source: str, value: str | None) -> str:
    """Return the sentence of a warning."""
    return evaluated(SIGNAL, source=source, value=value)


def summary(marts: Marts) -> dict[str, Any]:
    """Return the summary of all customers."""
    [(total, critical, high, medium, low, at_risk)] = marts.rows(SUMMARY)
    return {
        "total_customers": total,
        "critical_count": critical,
        "high_count": high,
        "medium_count": medium,
        "low_count": low,
        "total_arr_at_risk": number(at_risk) or 0,
        "unscored_count": total - critical - high - medium - low,
    }


def lines(project: Path) -> Lines:
    """Return the customers from the highest risk down, ties in the order of their file."""
    weight = weights(project, "customer_success_churn")
    shape = {
        "customer_id": text("customer_id"),
        "name": text("name"),
        "segment": text("segment"),
        "arr": amount("arr"),
        "risk_score": plain("risk_score"),
        "raw_score": plain("raw_score"),
        "risk_tier": word("risk_tier"),
        "risk_label": word("upper(risk_tier)"),
        "urgency_multiplier": plain("urgency_multiplier"),
        "days_to_renewal": plain("days_to_renewal"),
        "signal_scores": {
            name: {"score": plain(f"{name}_score"), "weight": constant(weight[name])}
            for name in SIGNAL_SCORES
        },
        "warning_signals": ITEMS,
        "recommended_actions": choice("risk_tier", playbooks(project), []),
        "is_expired": plain("is_expired"),
    }
    warning = object_({"severity": word("severity"), "signal": text("signal")})
    return Lines(
        CUSTOMERS,
        WARNINGS,
        ("place", "record_number"),
        "position",
        shape,
        warning,
        {"signal": SIGNAL},
    )


def summary_lines(totals: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield f"Customers      {totals['total_customers']:,}"
    for tier in TIERS:
        count = totals[f"{tier}_count"]
        if count or tier != "unscored":
            yield f"  {'Not scored' if tier == 'unscored' else tier.capitalize():<13}{count:>10,}"
    yield f"ARR at risk    {money(totals['total_arr_at_risk'])} (critical and high)"


def customer_lines(customer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a customer, without the one that names it."""
    tier = customer["risk_label"]
    days = customer["days_to_renewal"]
    renewal = "renewal date unknown" if days is None else f"renewal in {days:,} days"
    if customer["is_expired"]:
        renewal = "contract has expired"
    yield f"  Segment {title(customer['segment'])}   ARR {money(customer['arr'])}"
    yield f"  Risk    {score(customer['risk_score'])} {tier.replace('UNSCORED', 'NOT SCORED')}"
    yield (
        f"          {score(customer['raw_score'])} from the signals x"
        f" {figure(customer['urgency_multiplier'])}, {renewal}"
    )
    yield "  Signals"
    for name, part in customer["signal_scores"].items():
        yield f"    {label(name):<21}{score(part['score']):>5}  {part['weight']:>4}"
    if customer["warning_signals"]:
        yield "  Warnings"
        for warning in customer["warning_signals"]:
            first = f"    {warning['severity'].upper():<9}"
            yield wrapped(warning["signal"], first, " " * len(first))
    if customer["recommended_actions"]:
        yield "  Recommended actions"
        yield from numbered(customer["recommended_actions"])
