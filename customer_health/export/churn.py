"""The report churn_risk_analysis: risk, warnings and the playbook of the tier per customer."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from customer_health.export.children import Children
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
from customer_health.export.method import playbooks, weights
from customer_health.export.reading import Marts

REPORT = "churn_risk_analysis"
TITLE = "Churn risk analysis"
NEEDED = ("customer_success_churn_risk", "customer_success_warnings")

TIERS = ("critical", "high", "medium", "low", "unscored")

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
CUSTOMERS = """
select
    -coalesce(risk_score, -1) as place,
    record_number,
    customer_id,
    name,
    segment,
    cast(arr as {text}) as arr,
    cast(risk_score as {double}) as risk_score,
    cast(raw_score as {double}) as raw_score,
    risk_tier,
    cast(urgency_multiplier as {double}) as urgency_multiplier,
    days_to_renewal,
    is_expired,
    cast(usage_decline_score as {double}) as usage_decline_score,
    cast(engagement_drop_score as {double}) as engagement_drop_score,
    cast(support_issues_score as {double}) as support_issues_score,
    cast(relationship_signals_score as {double}) as relationship_signals_score,
    cast(commercial_factors_score as {double}) as commercial_factors_score
from {marts}.customer_success_churn_risk
"""
WARNINGS = """
select
    -coalesce(risk.risk_score, -1) as place,
    risk.record_number,
    warnings.position,
    warnings.source,
    warnings.severity,
    warnings.value
from {marts}.customer_success_warnings as warnings
inner join {marts}.customer_success_churn_risk as risk
    on warnings.customer_id = risk.customer_id
"""


@lru_cache(maxsize=4096)
def signal(source: str, value: str | None) -> str:
    """Return the sentence of a warning."""
    text = SIGNALS.get(source, label(source) + ": {value}")
    value = value or ""
    ratio = f"{abs(float(value)):.2f}" if "{ratio}" in text else ""
    return text.format(value=value, size=value.removeprefix("-"), ratio=ratio)


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


def customers(marts: Marts, project: Path) -> Iterator[dict[str, Any]]:
    """Yield the customers from the highest risk down, ties in the order of their file."""
    weight = weights(project, "customer_success_churn")
    actions = playbooks(project)
    warnings = Children(marts.stream(WARNINGS, ("place", "record_number", "position")))
    for row in marts.stream(CUSTOMERS, ("place", "record_number")):
        record_number, customer_id, name, segment, arr = row[1:6]
        risk, raw, tier, multiplier, days, is_expired, *scores = row[6:]
        yield {
            "customer_id": customer_id,
            "name": name,
            "segment": segment,
            "arr": number(arr),
            "risk_score": risk,
            "raw_score": raw,
            "risk_tier": tier,
            "risk_label": tier.upper(),
            "urgency_multiplier": multiplier,
            "days_to_renewal": days,
            "signal_scores": {
                name: {"score": points, "weight": weight[name]}
                for name, points in zip(SIGNAL_SCORES, scores, strict=True)
            },
            "warning_signals": [
                {"severity": severity, "signal": signal(source, value)}
                for *_, source, severity, value in warnings.of(record_number)
            ],
            "recommended_actions": actions.get(tier, []),
            "is_expired": is_expired,
        }


SIGNAL_SCORES = (
    "usage_decline",
    "engagement_drop",
    "support_issues",
    "relationship_signals",
    "commercial_factors",
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
