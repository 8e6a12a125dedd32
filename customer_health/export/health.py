"""The report customer_health_scores: score, dimensions, trends and recommendations per customer."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from customer_health.export.children import Children
from customer_health.export.forms import (
    label,
    money,
    number,
    numbered,
    one_line,
    score,
    title,
)
from customer_health.export.method import weights
from customer_health.export.reading import Marts

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
CUSTOMERS = """
select
    record_number,
    customer_id,
    name,
    segment,
    cast(arr as {text}) as arr,
    cast(overall_score as {double}) as overall_score,
    classification,
    cast(usage_score as {double}) as usage_score,
    usage_classification,
    cast(engagement_score as {double}) as engagement_score,
    engagement_classification,
    cast(support_score as {double}) as support_score,
    support_classification,
    cast(relationship_score as {double}) as relationship_score,
    relationship_classification,
    usage_trend,
    engagement_trend,
    support_trend,
    relationship_trend,
    overall_trend,
    priority,
    cast(signal_coverage as {double}) as signal_coverage,
    cast(coverage_aware_score as {double}) as coverage_aware_score,
    coverage_aware_classification
from {marts}.customer_success_health
"""
RECOMMENDATIONS = """
select
    recommendations.position,
    health.record_number,
    recommendations.recommendation
from {marts}.customer_success_recommendations as recommendations
inner join {marts}.customer_success_health as health
    on recommendations.customer_id = health.customer_id
"""


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


def customers(marts: Marts, project: Path) -> Iterator[dict[str, Any]]:
    """Yield the customers in the order of their file."""
    weight = weights(project, "customer_success_health")
    recommendations = Children(marts.stream(RECOMMENDATIONS, ("record_number", "position")))
    for row in marts.stream(CUSTOMERS, ("record_number",)):
        record_number, customer_id, name, segment, arr, overall, classification = row[:7]
        scores_and_classes, trends = row[7:15], row[15:20]
        priority, coverage, aware_score, aware_class = row[20:]
        yield {
            "customer_id": customer_id,
            "name": name,
            "segment": segment,
            "arr": number(arr),
            "overall_score": overall,
            "classification": classification,
            "dimensions": {
                dimension: {
                    "score": points,
                    "weight": weight[dimension],
                    "classification": class_,
                }
                for dimension, points, class_ in zip(
                    DIMENSIONS, scores_and_classes[::2], scores_and_classes[1::2], strict=True
                )
            },
            "trends": dict(zip((*DIMENSIONS, "overall"), trends, strict=True)),
            "recommendations": [text for *_, text in recommendations.of(record_number)],
            "priority": priority,
            "signal_coverage": coverage,
            "coverage_aware_score": aware_score,
            "coverage_aware_classification": aware_class,
        }


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
