"""The report customer_health_scores: score, dimensions, trends and recommendations per customer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from customer_health.export.forms import (
    label,
    money,
    numbered,
    one_line,
    score,
    title,
)
from customer_health.export.lines import ITEMS, Lines, amount, constant, plain, text, word
from customer_health.export.method import weights
from customer_health.export.reading import Marts, Query

REPORT = "customer_health_scores"
TITLE = "Customer health scores"
NEEDED = ("customer_success_health", "customer_success_recommendations")

DIMENSIONS = ("usage", "engagement", "support", "relationship")
LABELS = {
    "green": "HEALTHY",
    "yellow": "NEEDS ATTENTION",
    "red": "AT RISK",
    "unscored": "NOT SCORED",
}
SIGNS = {"improving": "+", "declining": "-", "stable": "=", "no_data": "?"}

SUMMARY = """
select
    count(*),
    count(overall_score),
    sum(overall_score),
    count(case when classification = 'green' then 1 end),
    count(case when classification = 'yellow' then 1 end),
    count(case when classification = 'red' then 1 end)
from {marts}.customer_success_health
"""
CUSTOMERS = Query(
    {
        "record_number": "bigint",
        **dict.fromkeys(("customer_id", "name", "segment", "arr", "overall_score"), "{text}"),
        "classification": "{text}",
        **{f"{name}_score": "{text}" for name in DIMENSIONS},
        **{f"{name}_classification": "{text}" for name in DIMENSIONS},
        **{f"{name}_trend": "{text}" for name in (*DIMENSIONS, "overall")},
        "priority": "{text}",
        "signal_coverage": "{double}",
        "coverage_aware_score": "{text}",
        "coverage_aware_classification": "{text}",
    },
    "{marts}.customer_success_health",
    keys=1,
)
RECOMMENDATIONS = Query(
    {
        "record_number": ("bigint", "health.record_number"),
        "position": ("bigint", "recommendations.position"),
        "recommendation": ("{text}", "recommendations.recommendation"),
    },
    "{marts}.customer_success_recommendations as recommendations"
    " inner join {marts}.customer_success_health as health"
    " on recommendations.customer_id = health.customer_id",
    keys=2,
)


def summary(marts: Marts) -> dict[str, Any]:
    """Return the summary of all customers."""
    [(total, scored, score_sum, green, yellow, red)] = marts.rows(SUMMARY)
    return {
        "total_customers": total,
        "average_score": round(float(score_sum / scored), 1) if scored else 0,
        "green_count": green,
        "yellow_count": yellow,
        "red_count": red,
        "unscored_count": total - scored,
    }


def lines(project: Path) -> Lines:
    """Return the customers in the order of their file."""
    weight = weights(project, "customer_success_health")
    shape = {
        "customer_id": text("customer_id"),
        "name": text("name"),
        "segment": text("segment"),
        "arr": amount("arr"),
        "overall_score": plain("overall_score"),
        "classification": word("classification"),
        "dimensions": {
            dimension: {
                "score": plain(f"{dimension}_score"),
                "weight": constant(weight[dimension]),
                "classification": word(f"{dimension}_classification"),
            }
            for dimension in DIMENSIONS
        },
        "trends": {name: word(f"{name}_trend") for name in (*DIMENSIONS, "overall")},
        "recommendations": ITEMS,
        "priority": word("priority"),
        "signal_coverage": plain("signal_coverage"),
        "coverage_aware_score": plain("coverage_aware_score"),
        "coverage_aware_classification": word("coverage_aware_classification"),
    }
    return Lines(
        CUSTOMERS, RECOMMENDATIONS, ("record_number",), "position", shape, text("recommendation")
    )


def summary_lines(totals: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the summary."""
    yield f"Customers      {totals['total_customers']:,}"
    yield f"Average score  {totals['average_score']}"
    for class_ in ("green", "yellow", "red", "unscored"):
        count = totals[f"{class_}_count"]
        if count or class_ != "unscored":
            yield f"  {LABELS[class_].capitalize():<17}{count:>10,}"


def customer_lines(customer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a customer, without the one that names it."""
    class_ = LABELS[customer["classification"]]
    yield f"  Segment {title(customer['segment'])}   ARR {money(customer['arr'])}"
    yield f"  Health  {score(customer['overall_score'])} {class_}   Priority {customer['priority']}"
    if customer["signal_coverage"] < 1:
        aware = customer["coverage_aware_score"]
        said = "too little for a score of it" if aware is None else f"score of it {aware:.1f}"
        yield f"  Measured {customer['signal_coverage']:.0%} of the signals, {said}"
    yield "  Dimensions"
    for dimension, part in customer["dimensions"].items():
        yield (
            f"    {label(dimension):<14}{score(part['score']):>5}  {part['weight']:>4}"
            f"  {part['classification']}"
        )
    yield "  Trends"
    for dimension, trend in customer["trends"].items():
        yield f"    {SIGNS[trend]} {label(dimension):<14}{one_line(trend).replace('_', ' ')}"
    if customer["recommendations"]:
        yield "  Recommendations"
        yield from numbered(customer["recommendations"])
