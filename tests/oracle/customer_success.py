"""The customer-success suite in plain Python: health, churn risk, expansion, and our own figures.

The published ("compatible") figures are computed in doubles in the written order, with Python's
own `round`. A record gives every figure that its values allow: one that needs a value which the
published method fails on is None. Figures for which no order of the arithmetic is laid down are
computed exactly; next to a tie of the rounding both neighbours count as right (`OneOf`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

from .exact import round_half_up
from .texts import key as text_key

TOOLS = ("health", "churn", "expansion")
LARGEST = 2**53
TIE = Fraction(1, 10**9)

Row = dict[str, Any]


class Absent:
    """A key that a record lacks."""


class Broken:
    """A value that is there but out of reach, because its section is no object."""


class OneOf(frozenset):
    """Values of which each is right."""


def only(values: OneOf) -> Any:
    """The one value, or the set if there are more."""
    return next(iter(values)) if len(values) == 1 else values


# --------------------------------------------------------------------------------------------
# Values
# --------------------------------------------------------------------------------------------


def clamp(value: float) -> float:
    """At least 0, at most 100."""
    return max(0.0, min(100.0, value))


def number(value: Any, default: float | None = None) -> float | None:
    """What the published method computes with; None where it fails. True is 1, False 0."""
    if value is Absent:
        return default
    if not isinstance(value, (bool, int, float)):
        return None
    # A whole number may be too large to become a double.
    return float(value) if -LARGEST <= value <= LARGEST else None


def measured(value: Any) -> float | None:
    """A real number from 0 on; None for anything else, which is unknown."""
    if isinstance(value, bool) or value is Absent:
        return None
    found = number(value)
    return found if found is not None and found >= 0 else None


def text(value: Any, default: str | None = None) -> str | None:
    """A text; None for anything else that is there."""
    if value is Absent:
        return default
    return value if isinstance(value, str) else None


def lowered(value: Any, default: str) -> str | None:
    """A text in lower case; None where the published method fails."""
    found = text(value, default)
    return None if found is None else found.lower()


def flag(value: Any) -> bool | None:
    """Python's truth of a value; None if it is out of reach."""
    if value is Broken:
        return None
    return False if value is Absent else bool(value)


def of_section(record: Mapping, name: str) -> Mapping | None:
    """A section; empty if absent, None if it is no object."""
    value = record.get(name, {})
    return value if isinstance(value, dict) else None


def field(section: Mapping | None, name: str) -> Any:
    """A value of a section."""
    return Broken if section is None else section.get(name, Absent)


def tenths(value: Fraction) -> OneOf:
    """Rounded to one decimal; both neighbours next to a tie."""
    scaled = value * 10
    return OneOf(
        Decimal(math.floor(scaled + shift + Fraction(1, 2))).scaleb(-1) for shift in (TIE, -TIE)
    )


def weighted(weights: Iterable[float], scores: Sequence[float | None]) -> float | None:
    """The weighted sum in doubles, from left to right; None if a score is unknown."""
    if any(score is None for score in scores):
        return None
    total = 0.0
    for weight, score in zip(weights, scores, strict=True):
        total = total + weight * score
    return total


def rounded(value: float | None, places: int = 1) -> float | None:
    """Python's round of the double."""
    return None if value is None else round(value, places)


# --------------------------------------------------------------------------------------------
# Records
# --------------------------------------------------------------------------------------------


def key_of(record: Any) -> str | None:
    """The customer that a record is of: a text, cleaned as a key, or a number."""
    value = record.get("customer_id")
    if isinstance(value, str):
        return text_key(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return str(value) if is_number and math.isfinite(value) else None


def accepted(records: Sequence[Any]) -> dict[str, tuple[int, Mapping]]:
    """Customer -> place from 1 and record; the last of each, in the order of the file."""
    found = {
        key_of(record): (place, record)
        for place, record in enumerate(records, 1)
        if isinstance(record, dict) and key_of(record) is not None
    }
    return dict(sorted(found.items(), key=lambda one: one[1][0]))


# --------------------------------------------------------------------------------------------
# Health
# --------------------------------------------------------------------------------------------

DIMENSIONS = {"usage": 0.30, "engagement": 0.25, "support": 0.20, "relationship": 0.25}
SENTIMENTS = {"positive": 100.0, "neutral": 60.0, "negative": 20.0}


@dataclass(frozen=True)
class Metric:
    """One measurement: where it counts, how much, its default, and its benchmarks."""

    dimension: str
    name: str
    weight: float
    default: float
    benchmarks: tuple[float, float, float] | None
    higher_is_better: bool = True


# Benchmarks of enterprise, mid-market, smb.
METRICS = (
    Metric("usage", "login_frequency", 0.35, 0, (90, 80, 70)),
    Metric("usage", "feature_adoption", 0.40, 0, (80, 70, 60)),
    Metric("usage", "dau_mau_ratio", 0.25, 0, (0.50, 0.40, 0.30)),
    Metric("engagement", "support_ticket_volume", 0.20, 0, (5, 8, 10), False),
    Metric("engagement", "meeting_attendance", 0.30, 0, (95, 85, 75)),
    Metric("engagement", "nps_score", 0.25, 5, (9, 8, 7)),
    Metric("engagement", "csat_score", 0.25, 3.0, (4.5, 4.0, 3.8)),
    Metric("support", "open_tickets", 0.35, 0, (10, 15, 20), False),
    Metric("support", "escalation_rate", 0.35, 0, (0.25, 0.30, 0.40), False),
    Metric("support", "avg_resolution_hours", 0.30, 0, (72, 96, 120), False),
    Metric("relationship", "executive_sponsor_engagement", 0.35, 0, (90, 75, 60)),
    Metric("relationship", "multi_threading_depth", 0.30, 1, (5, 3, 2)),
    Metric("relationship", "renewal_sentiment", 0.35, 50, None),
)
SEGMENTS = ("enterprise", "mid-market", "smb")
CUT_OFFS = {"enterprise": (75, 50), "mid-market": (70, 45), "smb": (65, 40)}
PRIORITIES = {
    ("green", "improving"): "low",
    ("green", "stable"): "low",
    ("green", "declining"): "high",
    ("yellow", "improving"): "medium",
    ("yellow", "stable"): "medium",
    ("yellow", "declining"): "critical",
    ("red", "improving"): "high",
    ("red", "stable"): "critical",
    ("red", "declining"): "critical",
}
MIN_COVERAGE = Fraction(1, 2)


def metric_score(metric: Metric, value: Any, segment: str | None) -> float | None:
    """The points of a value, from 0 to 100."""
    if metric.benchmarks is None:
        return None if value is None else SENTIMENTS.get(value, 50.0)
    if value is None or segment is None:
        return None
    bound = metric.benchmarks[SEGMENTS.index(segment)]
    share = value / bound if metric.higher_is_better else 1 - value / bound
    return clamp(share * 100)


def classified(score: float | Decimal | None, segment: str | None) -> str:
    """The class of a score."""
    if score is None or segment is None:
        return "unscored"
    green, yellow = CUT_OFFS[segment]
    return "green" if score >= green else "yellow" if score >= yellow else "red"


def trend(current: float | None, previous: float | None) -> str:
    """How a score changed; no_data where one of the two is unknown."""
    if current is None or previous is None:
        return "no_data"
    change = current - previous
    return "improving" if change > 5 else "declining" if change < -5 else "stable"


def health(record: Mapping) -> tuple[Row, list[str]]:
    """The health row of a customer (without key) and the ids of its recommendations."""
    segment = lowered(record.get("segment", Absent), "mid-market")
    benchmark_segment = segment if segment in SEGMENTS else "mid-market"
    known_segment = None if segment is None else benchmark_segment

    values: dict[str, Any] = {}
    scores: dict[str, float | None] = {}
    raw: Row = {}
    for metric in METRICS:
        value = field(of_section(record, metric.dimension), metric.name)
        if metric.name == "renewal_sentiment":
            values[metric.name] = lowered(value, "unknown")
            known = values[metric.name] if values[metric.name] in SENTIMENTS else None
        else:
            values[metric.name] = number(value, metric.default)
            known = measured(value)
        scores[metric.name] = metric_score(metric, values[metric.name], known_segment)
        raw[metric.name] = known

    dimension_scores = {
        dimension: rounded(
            weighted(
                [metric.weight for metric in METRICS if metric.dimension == dimension],
                [scores[metric.name] for metric in METRICS if metric.dimension == dimension],
            )
        )
        for dimension in DIMENSIONS
    }
    overall = rounded(weighted(DIMENSIONS.values(), list(dimension_scores.values())))
    all_scores = {**dimension_scores, "overall": overall}

    previous_period = of_section(record, "previous_period")
    previous = {name: number(field(previous_period, f"{name}_score")) for name in all_scores}
    trends = {name: trend(score, previous[name]) for name, score in all_scores.items()}
    classification = classified(overall, known_segment)
    trend_counted = "stable" if trends["overall"] == "no_data" else trends["overall"]

    coverage, aware = coverage_aware(raw, benchmark_segment)
    row: Row = {
        "name": text(record.get("name", Absent), "Unknown"),
        "segment": segment,
        # Ours is scored by these even where the published method fails on the segment.
        "benchmark_segment": benchmark_segment,
        "arr": number(record.get("arr", Absent), None),
        **{f"{name}_score": score for name, score in all_scores.items()},
        "classification": classification,
        **{
            f"{name}_classification": classified(score, known_segment)
            for name, score in dimension_scores.items()
        },
        **{f"{name}_trend": found for name, found in trends.items()},
        **{f"previous_{name}_score": value for name, value in previous.items()},
        "signal_coverage": coverage,
        "coverage_aware_score": only(aware),
        "coverage_aware_classification": only(
            OneOf(classified(score, benchmark_segment) for score in aware)
        ),
        "priority": PRIORITIES.get((classification, trend_counted), "unscored"),
        **raw,
    }
    return row, recommendations(values, scores, known_segment)


def coverage_aware(raw: Mapping[str, Any], segment: str) -> tuple[Fraction, OneOf]:
    """The share of the weight that was measured, and the score over nothing else."""
    coverage, parts = Fraction(0), []
    for dimension, weight in DIMENSIONS.items():
        metrics = [metric for metric in METRICS if metric.dimension == dimension]
        known = [metric for metric in metrics if raw[metric.name] is not None]
        share = sum(decimal_fraction(metric.weight) for metric in known)
        coverage += decimal_fraction(weight) * share
        if known:
            points = sum(
                decimal_fraction(metric.weight)
                * Fraction(metric_score(metric, raw[metric.name], segment))
                for metric in known
            )
            parts.append((decimal_fraction(weight), tenths(points / share)))
    if not parts or coverage < MIN_COVERAGE:
        return coverage, OneOf([None])
    total = sum(weight for weight, _ in parts)
    found: set[Decimal] = set()
    for choice in product(*(allowed for _, allowed in parts)):
        points = sum(
            weight * Fraction(score) for (weight, _), score in zip(parts, choice, strict=True)
        )
        found |= tenths(points / total)
    return coverage, OneOf(found)


def decimal_fraction(value: float) -> Fraction:
    """The decimal that a weight is written as."""
    return Fraction(str(value))


def recommendations(
    values: Mapping[str, Any], scores: Mapping[str, float | None], segment: str | None
) -> list[str]:
    """The rules that fire, in their order; a value that cannot be computed with fires none."""
    bounds = {
        metric.name: metric.benchmarks[SEGMENTS.index(segment)]
        for metric in METRICS
        if metric.benchmarks and segment is not None
    }

    def below(figures: Mapping[str, Any], name: str, limit: float) -> bool:
        return figures[name] is not None and figures[name] < limit

    def above_half(name: str) -> bool:
        return name in bounds and values[name] is not None and values[name] > bounds[name] * 0.5

    fired = {
        "U1": below(scores, "login_frequency", 60),
        "U2": below(scores, "feature_adoption", 50),
        "U3": below(scores, "dau_mau_ratio", 50),
        "E1": below(scores, "meeting_attendance", 60),
        "E2": below(values, "nps_score", 7),
        "E3": below(values, "csat_score", 3.5),
        "S1": above_half("open_tickets"),
        "S2": above_half("escalation_rate"),
        "S3": above_half("avg_resolution_hours"),
        "R1": below(scores, "executive_sponsor_engagement", 50),
        "R2": below(values, "multi_threading_depth", 2),
        "R3": values["renewal_sentiment"] == "negative",
    }
    return [rule for rule, fires in fired.items() if fires]


# --------------------------------------------------------------------------------------------
# Churn risk
# --------------------------------------------------------------------------------------------

SIGNALS = {
    "usage_decline": 0.30,
    "engagement_drop": 0.25,
    "support_issues": 0.20,
    "relationship_signals": 0.15,
    "commercial_factors": 0.10,
}
SATISFACTION = {"improving": 10.0, "stable": 30.0, "declining": 70.0, "critical": 95.0}
CONTRACTS = {"month-to-month": 30, "quarterly": 15}
URGENCY = ((30, 1.5), (60, 1.35), (90, 1.2), (180, 1.1))
SEVERITIES = ("critical", "high", "medium")

# source -> bounds of critical, high, medium; what is at or below them, or (from 0 on) at or above.
DROPS = {
    "login_trend": (-20, -10, None),
    "feature_adoption_change": (None, -15, None),
    "dau_mau_change": (None, -0.10, None),
    "nps_change": (-4, -2, None),
}
RISES = {
    "meeting_cancellations": (3, 2, None),
    "response_time_days": (7, 4, None),
    "unresolved_critical": (2, 1, None),
    "open_escalations": (None, 2, 1),
    "competitor_mentions": (3, None, 1),
}
# Medium below -5, not at it.
DROPS_BELOW = {"login_trend": -5, "feature_adoption_change": -5}
FLAGS = {
    "champion_left": "critical",
    "sponsor_change": "high",
    "pricing_complaints": "high",
    "budget_cuts_mentioned": "high",
}
LABELS = {
    "satisfaction_trend": {"critical": "critical", "declining": "high"},
    "contract_type": {"month-to-month": "medium"},
}
CHURN_FIELDS: dict[str, tuple[str, Any]] = {
    "login_trend": ("usage_decline", 0),
    "feature_adoption_change": ("usage_decline", 0),
    "dau_mau_change": ("usage_decline", 0),
    "meeting_cancellations": ("engagement_drop", 0),
    "response_time_days": ("engagement_drop", 1),
    "nps_change": ("engagement_drop", 0),
    "unresolved_critical": ("support_issues", 0),
    "open_escalations": ("support_issues", 0),
    "satisfaction_trend": ("support_issues", "stable"),
    "champion_left": ("relationship_signals", False),
    "sponsor_change": ("relationship_signals", False),
    "competitor_mentions": ("relationship_signals", 0),
    "contract_type": ("commercial_factors", "annual"),
    "pricing_complaints": ("commercial_factors", False),
    "budget_cuts_mentioned": ("commercial_factors", False),
}


def contract_end(value: Any) -> date | None:
    """The day that a text begins with; None if it does not, and before the year 1000."""
    if not isinstance(value, str):
        return None
    try:
        day = datetime.strptime(value[:10], "%Y-%m-%d").date()
    except ValueError:
        return None
    return day if day.year >= 1000 else None


def risk_tier(score: float | None) -> str:
    """The tier, without gaps."""
    if score is None:
        return "unscored"
    tiers = {"critical": 80, "high": 60, "medium": 40}
    return next((tier for tier, least in tiers.items() if score >= least), "low")


def published_risk_tier(score: float | None) -> str:
    """The tier as published: what lies between two of them is low."""
    if score is None:
        return "unscored"
    tiers = {"critical": (80, 100), "high": (60, 79), "medium": (40, 59)}
    return next((tier for tier, (low, high) in tiers.items() if low <= score <= high), "low")


def churn(record: Mapping, as_of_date: date) -> tuple[Row, list[Row]]:
    """The churn row of a customer (without key) and its warnings."""
    values: dict[str, Any] = {}
    for name, (section, default) in CHURN_FIELDS.items():
        value = field(of_section(record, section), name)
        if name in FLAGS:
            values[name] = flag(value)
        elif name in LABELS:
            values[name] = lowered(value, default)
        else:
            values[name] = number(value, default)

    scores = {name: rounded(signal(values)) for name, signal in SIGNAL_SCORES.items()}
    raw = weighted(SIGNALS.values(), list(scores.values()))

    end = contract_end(record.get("contract_end_date"))
    days = None if end is None else (end - as_of_date).days
    shown_days = None if days is None else max(days, 0)
    multiplier = 1.0
    if shown_days is not None:
        multiplier = next((factor for most, factor in URGENCY if shown_days <= most), 1.0)
    score = None if raw is None else clamp(round(raw * multiplier, 1))

    row: Row = {
        "name": text(record.get("name", Absent), "Unknown"),
        "segment": text(record.get("segment", Absent), "unknown"),
        "arr": number(record.get("arr", Absent), None),
        "contract_end_date": end,
        **{f"{name}_score": value for name, value in scores.items()},
        "raw_score": rounded(raw),
        "urgency_multiplier": multiplier,
        "days_to_renewal": shown_days,
        "is_expired": None if days is None else days < 0,
        "risk_score": score,
        "risk_tier": risk_tier(score),
        "published_risk_tier": published_risk_tier(score),
    }
    return row, warnings(values)


def negative(value: float) -> float:
    """By how much a value is below 0."""
    return -value if value < 0 else 0.0


def signal_score(values: Mapping[str, Any], names: Sequence[str], score: Any) -> float | None:
    """A score of some values; None if one of them cannot be computed with."""
    chosen = [values[name] for name in names]
    return None if any(value is None for value in chosen) else score(*chosen)


SIGNAL_SCORES = {
    "usage_decline": lambda values: signal_score(
        values,
        ("login_trend", "feature_adoption_change", "dau_mau_change"),
        lambda login, adoption, dau_mau: (
            0.40 * clamp(negative(login) * 3)
            + 0.35 * clamp(negative(adoption) * 4)
            + 0.25 * clamp(negative(dau_mau) * 500)
        ),
    ),
    "engagement_drop": lambda values: signal_score(
        values,
        ("meeting_cancellations", "response_time_days", "nps_change"),
        lambda cancelled, response, nps: (
            0.30 * clamp(cancelled * 25)
            + 0.35 * clamp((response - 1) * 15)
            + 0.35 * clamp(negative(nps) * 20)
        ),
    ),
    "support_issues": lambda values: signal_score(
        values,
        ("open_escalations", "unresolved_critical", "satisfaction_trend"),
        lambda escalations, unresolved, satisfaction: (
            0.35 * clamp(escalations * 35)
            + 0.35 * clamp(unresolved * 50)
            + 0.30 * SATISFACTION.get(satisfaction, 30.0)
        ),
    ),
    "relationship_signals": lambda values: signal_score(
        values,
        ("champion_left", "sponsor_change", "competitor_mentions"),
        lambda champion, sponsor, mentions: clamp(
            (45 if champion else 0)
            + (30 if sponsor else 0)
            + (35 if mentions >= 3 else 12 * mentions if mentions >= 1 else 0)
        ),
    ),
    "commercial_factors": lambda values: signal_score(
        values,
        ("contract_type", "pricing_complaints", "budget_cuts_mentioned"),
        lambda contract, complaints, cuts: clamp(
            float(CONTRACTS.get(contract, 0) + (35 if complaints else 0) + (40 if cuts else 0))
        ),
    ),
}


def severity_of(name: str, value: Any) -> str | None:
    """How severe a value is; None if it is nothing to warn of."""
    if value is None:
        return None
    if name in FLAGS:
        return FLAGS[name] if value else None
    if name in LABELS:
        return LABELS[name].get(value)
    bounds, sign = (DROPS[name], -1) if name in DROPS else (RISES[name], 1)
    for severity, bound in zip(SEVERITIES, bounds, strict=True):
        if bound is not None and sign * value >= sign * bound:
            return severity
    return "medium" if name in DROPS_BELOW and value < DROPS_BELOW[name] else None


def warnings(values: Mapping[str, Any]) -> list[Row]:
    """The warnings of a customer by severity, within it in the order of the fields."""
    found = [
        {"source": name, "severity": severity, "value": shown(value)}
        for name, value in values.items()
        if (severity := severity_of(name, value)) is not None
    ]
    found.sort(key=lambda row: SEVERITIES.index(row["severity"]))
    return [{"position": place, **row} for place, row in enumerate(found, 1)]


def shown(value: Any) -> str:
    """A value as a text: whole numbers without a decimal point."""
    if isinstance(value, bool):
        return "yes"
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else repr(value)


# --------------------------------------------------------------------------------------------
# Expansion
# --------------------------------------------------------------------------------------------

SEAT_FACTORS = {"enterprise": 0.25, "mid-market": 0.20, "smb": 0.15}
OTHER_SEGMENT = 0.15
TIERS = {"starter": 1.0, "professional": 1.8, "enterprise": 3.0, "enterprise_plus": 4.5}
MODULES = {
    "core_platform": 0.0,
    "analytics_module": 0.15,
    "integrations_module": 0.12,
    "api_access": 0.10,
    "advanced_reporting": 0.18,
    "security_module": 0.20,
    "automation_module": 0.15,
    "collaboration_module": 0.10,
    "data_export": 0.08,
    "custom_workflows": 0.22,
    "sso_module": 0.08,
    "audit_module": 0.10,
}
OTHER_MODULE = 0.10
EFFORTS = {"low": 3, "medium": 2, "high": 1}
REALISTIC_CAP = Fraction(1, 2)


def priority_score(revenue: float, effort: str) -> float:
    """The priority of an opportunity."""
    return round(clamp(revenue / 2000) * EFFORTS[effort], 1)


def texts(value: Any) -> list[str] | None:
    """A list of texts; empty if absent, None if it is none or holds anything else."""
    if value is Absent:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return value


def published_tier(
    available: Sequence[str], current: float, arr: float
) -> tuple[str | None, float]:
    """The tier that the published walk through the list ends at, and its revenue."""
    chosen, chosen_multiplier, revenue = None, 0.0, 0.0
    for tier in available:
        multiplier = TIERS.get(tier.lower(), 1.0)
        if multiplier <= current:
            continue
        increment = arr / current * multiplier - arr
        if chosen is None or (multiplier < chosen_multiplier and increment > revenue):
            chosen, chosen_multiplier, revenue = tier, multiplier, round(increment, 0)
    return chosen, revenue


def lowest_tier(available: Sequence[str], current: float, arr: float) -> tuple[str | None, float]:
    """The lowest higher tier, the first of the list if several are as low, and its revenue."""
    higher = [tier for tier in available if TIERS.get(tier.lower(), 1.0) > current]
    if not higher:
        return None, 0.0
    chosen = min(higher, key=lambda tier: TIERS.get(tier.lower(), 1.0))
    return chosen, round(arr / current * TIERS[chosen.lower()] - arr, 0)


def play(
    type_: str,
    category: str,
    target: str | None,
    revenue: float,
    effort: str,
    seats: int | None = None,
) -> Row:
    """An opportunity for which the published method and ours agree."""
    priority = priority_score(revenue, effort)
    return {
        "type": type_,
        "category": category,
        "target": target,
        "estimated_revenue": revenue,
        "effort": effort,
        "priority_score": priority,
        "additional_seats": seats,
        "published_target": target,
        "published_estimated_revenue": revenue,
        "published_priority_score": priority,
    }


def expansion(record: Mapping, tier_of_risk: str | None) -> tuple[Row, list[Row]]:
    """The expansion row of a customer (without key) and its opportunities, ranked.

    `tier_of_risk` is the customer's risk tier, None if churn knows nothing of the customer.
    """
    arr = number(record.get("arr", Absent), 0)
    segment = lowered(record.get("segment", Absent), "mid-market")
    contract = of_section(record, "contract")
    usage = of_section(record, "product_usage")
    departments = of_section(record, "departments")
    licensed = number(field(contract, "licensed_seats"), 0)
    active = number(field(contract, "active_seats"), 0)
    plan = lowered(field(contract, "plan_tier"), "")
    available = field(contract, "available_tiers")
    current = field(departments, "current")
    potential = field(departments, "potential")
    on_hold = None if tier_of_risk is None else tier_of_risk in ("critical", "high")

    kinds = (
        seat_plays(arr, segment, licensed, active),
        tier_plays(arr, plan, texts(available)),
        module_plays(arr, usage),
        department_plays(arr, texts(current), texts(potential)),
    )
    is_complete = all(kind is not None for kind in kinds)
    plays = [one for kind in kinds if kind for one in kind]
    tier_difference = tier_revenue_difference(arr, plan, texts(available))
    plays.sort(key=lambda one: -one["priority_score"])
    for rank, one in enumerate(plays, 1):
        one.update(rank=rank, on_hold=on_hold)

    # Whole numbers, so that the sum is exact, as doubles would be up to 2^53.
    total = sum(Fraction(one["estimated_revenue"]) for one in plays) if is_complete else None
    published = None if total is None else total + Fraction(tier_difference)
    realistic = None
    if total is not None:
        realistic = min(Fraction(0) if on_hold else total, REALISTIC_CAP * Fraction(arr))

    row: Row = {
        "name": text(record.get("name", Absent), "Unknown"),
        "segment": segment,
        "arr": arr if "arr" in record else None,
        **adoption(usage),
        "seat_utilisation": (
            None
            if licensed is None or active is None
            else round(active / max(licensed, 1) * 100, 1)
        ),
        "licensed_seats": licensed,
        "active_seats": active,
        "current_tier": plan,
        "departments_covered": length(current),
        "departments_potential": length(potential),
        "total_estimated_revenue": total,
        "published_total_estimated_revenue": published,
        "realistic_revenue": realistic,
        "opportunity_count": len(plays) if is_complete else None,
        "on_hold": on_hold,
    }
    return row, plays


def length(value: Any) -> int | None:
    """How long a list is; 0 if absent, None if it is none."""
    if value is Absent:
        return 0
    return len(value) if isinstance(value, list) else None


def seat_plays(
    arr: float | None, segment: str | None, licensed: float | None, active: float | None
) -> list[Row] | None:
    """More seats, where nearly all are taken."""
    if arr is None or segment is None or licensed is None or active is None:
        return None
    factor = SEAT_FACTORS.get(segment, OTHER_SEGMENT)
    utilisation = active / licensed if licensed else 0.0
    revenue = round(arr * factor, 0)
    if utilisation < 0.90 or revenue <= 0:
        return []
    seats = math.trunc(licensed * factor)
    return [play("expansion", "seat_expansion", None, revenue, "low", seats)]


def tier_plays(
    arr: float | None, plan: str | None, available: Sequence[str] | None
) -> list[Row] | None:
    """A higher plan."""
    if arr is None or plan is None or available is None:
        return None
    current = TIERS.get(plan, 1.0)
    target, revenue = lowest_tier(available, current, arr)
    if target is None or revenue <= 0:
        return []
    found = play("upsell", "tier_upgrade", target, revenue, "medium")
    published_target, published_revenue = published_tier(available, current, arr)
    # The same tier spelt otherwise is no other choice.
    if published_target.lower() != target.lower() or published_revenue != revenue:
        found["published_target"] = published_target
        found["published_estimated_revenue"] = published_revenue
        found["published_priority_score"] = priority_score(published_revenue, "medium")
    return [found]


def tier_revenue_difference(
    arr: float | None, plan: str | None, available: Sequence[str] | None
) -> float:
    """By how much the published choice of a plan brings more than ours."""
    if arr is None or plan is None or available is None:
        return 0.0
    current = TIERS.get(plan, 1.0)
    both = (choose(available, current, arr)[1] for choose in (published_tier, lowest_tier))
    published, ours = (max(revenue, 0.0) for revenue in both)
    return published - ours


def module_plays(arr: float | None, usage: Mapping | None) -> list[Row] | None:
    """Modules that are there but not adopted."""
    if arr is None or usage is None or not all(isinstance(one, dict) for one in usage.values()):
        return None
    fractions = {
        name: MODULES.get(name.lower(), OTHER_MODULE)
        for name, module in usage.items()
        if not module.get("adopted")
    }
    return [
        play("cross_sell", "module_cross_sell", name, round(arr * fraction, 0), "low")
        for name, fraction in fractions.items()
        if fraction > 0
    ]


def department_plays(
    arr: float | None, current: Sequence[str] | None, potential: Sequence[str] | None
) -> list[Row] | None:
    """Departments that might join."""
    if arr is None or current is None or potential is None:
        return None
    known = {department.lower() for department in current}
    revenue = round(arr / max(len(current), 1) * 0.8, 0)
    return [
        play("expansion", "department_expansion", department, revenue, "high")
        for department in potential
        if department.lower() not in known
    ]


def adoption(usage: Mapping | None) -> Row:
    """How many modules are in use, and how much."""
    names = ("total_modules", "adopted_modules", "adoption_rate", "avg_usage_pct")
    if usage is None:
        return dict.fromkeys(names)
    total = len(usage)
    if not all(isinstance(module, dict) for module in usage.values()):
        return {**dict.fromkeys(names), "total_modules": total}
    adopted = [module for module in usage.values() if module.get("adopted")]
    rate = round(len(adopted) / total * 100, 1) if total else 0
    shares = [number(module.get("usage_pct", Absent), 0) for module in adopted]
    mean: Any = None
    if all(share is not None for share in shares):
        # No order of the sum is laid down: in doubles as they come, exactly, or of millionths.
        sums = (
            plain_sum(shares),
            math.fsum(shares),
            float(sum(round_half_up(share) for share in shares)),
        )
        mean = only(OneOf(round(one / max(len(adopted), 1), 1) for one in sums))
    return dict(zip(names, (total, len(adopted), rate, mean), strict=True))


def plain_sum(values: Iterable[float]) -> float:
    """The sum in doubles from left to right."""
    total = 0.0
    for value in values:
        total = total + value
    return total


# --------------------------------------------------------------------------------------------
# Marts
# --------------------------------------------------------------------------------------------


def marts(records: Mapping[str, Sequence[Any]], as_of_date: date) -> dict[str, list[Row]]:
    """The six marts of the three tools; `records` are the parsed documents of each tool."""
    found: dict[str, list[Row]] = {
        name: []
        for name in (
            "customer_success_health",
            "customer_success_recommendations",
            "customer_success_churn_risk",
            "customer_success_warnings",
            "customer_success_expansion",
            "customer_success_opportunities",
        )
    }
    for customer, (place, record) in accepted(records["health"]).items():
        row, rules = health(record)
        found["customer_success_health"].append(keyed(customer, place, row))
        found["customer_success_recommendations"] += [
            {"customer_id": customer, "rule_id": rule, "position": position}
            for position, rule in enumerate(rules, 1)
        ]
    risk_tiers: dict[str, str] = {}
    for customer, (place, record) in accepted(records["churn"]).items():
        row, warned = churn(record, as_of_date)
        risk_tiers[customer] = row["risk_tier"]
        found["customer_success_churn_risk"].append(keyed(customer, place, row))
        found["customer_success_warnings"] += [{"customer_id": customer, **one} for one in warned]
    for customer, (place, record) in accepted(records["expansion"]).items():
        row, plays = expansion(record, risk_tiers.get(customer))
        found["customer_success_expansion"].append(keyed(customer, place, row))
        found["customer_success_opportunities"] += [
            {"customer_id": customer, **one} for one in plays
        ]
    return found


def keyed(customer: str, place: int, row: Row) -> Row:
    """A row with its key and the place of its record."""
    return {"customer_id": customer, "record_number": place, **row}
