"""Results of the published customer-success programs beside the marts, customer by customer.

Builds the three tools from the programs' own input files as of their day and compares every score,
class, trend, tier, multiplier, warning count, opportunity and total. Where the project differs on
purpose, the mart's column of the published figure is compared, and the difference is listed.
"""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import builds

AS_OF_DATE = "2026-06-01"
TOOLS = {
    "health": "customer_success_health",
    "churn": "customer_success_churn_risk",
    "expansion": "customer_success_expansion",
}
DIMENSIONS = ("usage", "engagement", "support", "relationship")
SIGNALS = (
    *("usage_decline", "engagement_drop", "support_issues", "relationship_signals"),
    "commercial_factors",
)
ADOPTION = (
    *("total_modules", "adopted_modules", "adoption_rate", "avg_usage_pct", "seat_utilisation"),
    *("current_tier", "departments_covered", "departments_potential"),
)
CATEGORIES = ("seat_expansion", "tier_upgrade", "module_cross_sell", "department_expansion")
SHOWN = 10

# Why the project differs, and how a difference is told from a mistake.
NO_CUSTOMER = "a record without customer_id is rejected; published as the customer `unknown`"
NO_GAPS = "59.1 to 59.9 is medium and 79.1 to 79.9 high; published as low"
NO_ARR = "an absent ARR is unknown; published as 0"
LOWEST_TIER = "the lowest higher plan is offered; published is the first one in the list's order"

Figures = dict[str, Any]


# What the programs read and returned.


def inputs(folder: Path, tool: str) -> list[dict]:
    """The records that a program read."""
    return json.loads((folder / f"{tool}_inputs.json").read_text(encoding="utf-8"))["customers"]


def results(folder: Path, tool: str) -> list[dict]:
    """What it returned for each of them, in the order of the records."""
    path = folder / f"{tool}_expected.json"
    returned = json.loads(path.read_text(encoding="utf-8"))["customers"]
    found = {marks(result): result for result in returned}
    return [found[marks(record)] for record in inputs(folder, tool)]


def marks(record: Mapping) -> tuple:
    """What tells customers apart, those without an id too."""
    defaults = {"customer_id": "unknown", "name": "Unknown", "arr": 0}
    return tuple(record.get(key, default) for key, default in defaults.items())


def published_figures(tool: str, record: Mapping, result: Mapping) -> Figures:
    """The published figures of a customer, by name; its ARR only where the record has one."""
    figures = {"name": result["name"], "segment": result["segment"], "arr": None}
    if "arr" in record:
        figures["arr"] = result["arr"]
    if tool == "health":
        names = ("overall_score", "classification", "recommendation_count")
        figures |= {key: result[key] for key in names}
        for name, dimension in result["dimensions"].items():
            figures[f"{name}_score"] = dimension["score"]
            figures[f"{name}_classification"] = dimension["classification"]
        figures |= {f"{name}_trend": trend for name, trend in result["trends"].items()}
    elif tool == "churn":
        names = ("risk_score", "raw_score", "urgency_multiplier", "days_to_renewal")
        figures |= {key: result[key] for key in names}
        figures["published_risk_tier"] = result["risk_tier"]
        for name, signal in result["signal_scores"].items():
            figures[f"{name}_score"] = signal["score"]
        for severity, count in result["warning_counts"].items():
            figures[f"{severity}_warnings"] = count
    else:
        figures |= result["adoption_summary"]
        figures["opportunity_count"] = result["opportunity_count"]
        figures["published_total_estimated_revenue"] = result["total_estimated_revenue"]
        figures["opportunities"] = [
            (
                one["type"],
                one["category"],
                one.get("target_tier", one.get("module", one.get("department"))),
                one["estimated_revenue"],
                one["effort"],
                one["priority_score"],
            )
            for one in result["opportunities"]
        ]
    return figures


# The same of a row of a mart, or of whatever has the columns of one.


def health_figures(row: Mapping, recommendation_count: int) -> Figures:
    """The figures of a health row."""
    scores = (*DIMENSIONS, "overall")
    names = (
        *("name", "segment", "arr", "classification"),
        *(f"{name}_score" for name in scores),
        *(f"{name}_trend" for name in scores),
        *(f"{name}_classification" for name in DIMENSIONS),
    )
    return {name: row[name] for name in names} | {"recommendation_count": recommendation_count}


def churn_figures(row: Mapping, warning_counts: Mapping[str, int]) -> Figures:
    """The figures of a churn row, given how many warnings of each severity there are."""
    names = (
        *("name", "segment", "arr", "risk_score", "raw_score", "urgency_multiplier"),
        *("days_to_renewal", "published_risk_tier"),
        *(f"{name}_score" for name in SIGNALS),
    )
    figures = {name: row[name] for name in names}
    for severity in ("critical", "high", "medium"):
        figures[f"{severity}_warnings"] = warning_counts.get(severity, 0)
    return figures


def expansion_figures(row: Mapping, plays: Iterable[Mapping]) -> Figures:
    """The figures of an expansion row and its opportunities, as published."""
    names = (
        *("name", "segment", "arr", "opportunity_count", "published_total_estimated_revenue"),
        *ADOPTION,
    )
    # By priority; among equals in the order of the categories and of the record.
    ordered = sorted(
        plays,
        key=lambda one: (
            -one["published_priority_score"],
            CATEGORIES.index(one["category"]),
            one["rank"],
        ),
    )
    columns = (
        *("type", "category", "published_target", "published_estimated_revenue", "effort"),
        "published_priority_score",
    )
    opportunities = [tuple(one[column] for column in columns) for one in ordered]
    return {name: row[name] for name in names} | {"opportunities": opportunities}


def differences(customer: str, published: Figures, found: Figures) -> list[str]:
    """One line for each figure that is another one."""
    return [
        f"{customer} {name}: published {value!r}, computed {found.get(name)!r}"
        for name, value in published.items()
        if name not in found or not same(value, found[name])
    ]


def same(published: Any, found: Any) -> bool:
    """Whether two figures are the same number, text, or list of these."""
    if isinstance(found, frozenset):
        return any(same(published, one) for one in found)
    if isinstance(published, (list, tuple)):
        return len(published) == len(found) and all(map(same, published, found))
    if isinstance(published, (int, float)) and found is not None and not isinstance(found, str):
        return Decimal(str(published)) == Decimal(str(found))
    return published == found


# The marts.


def build(reference: Path, folder: Path) -> Path:
    """Load the programs' input files and build the marts in a work file; returns the file."""
    raw = folder / "raw"
    raw.mkdir(parents=True)
    for tool in TOOLS:
        shutil.copy(reference / f"{tool}_inputs.json", raw / f"customer_success__{tool}.json")
    marts = (*TOOLS.values(), "customer_success_recommendations", "customer_success_warnings")
    selected = [f"+{mart}" for mart in (*marts, "customer_success_opportunities")]
    return builds.build(raw, folder, {"as_of_date": AS_OF_DATE}, select=selected)


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    """The rows of a query by column."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def by_customer(found: Iterable[Mapping]) -> dict[str, list[Mapping]]:
    """Rows by customer."""
    grouped: dict[str, list[Mapping]] = {}
    for row in found:
        grouped.setdefault(row["customer_id"], []).append(row)
    return grouped


def computed(work_file: Path) -> dict[str, dict[str, tuple[Mapping, Figures]]]:
    """Tool -> customer -> row of the mart, and its figures."""
    with duckdb.connect(str(work_file), read_only=True) as connection:
        marts = {tool: rows(connection, f"from marts.{mart}") for tool, mart in TOOLS.items()}
        recommended = Counter(
            row["customer_id"]
            for row in rows(connection, "from marts.customer_success_recommendations")
        )
        warned = by_customer(rows(connection, "from marts.customer_success_warnings"))
        plays = by_customer(rows(connection, "from marts.customer_success_opportunities"))
    figures: dict[str, Callable[[Mapping], Figures]] = {
        "health": lambda row: health_figures(row, recommended[row["customer_id"]]),
        "churn": lambda row: churn_figures(
            row, Counter(one["severity"] for one in warned.get(row["customer_id"], []))
        ),
        "expansion": lambda row: expansion_figures(row, plays.get(row["customer_id"], [])),
    }
    for row in marts["expansion"]:
        row["opportunities"] = plays.get(row["customer_id"], [])
    return {
        tool: {row["customer_id"]: (row, figures[tool](row)) for row in found}
        for tool, found in marts.items()
    }


def on_purpose(tool: str, record: Mapping, row: Mapping | None) -> list[tuple[str, str]]:
    """Reason and wording of each difference from the published result that is wanted."""
    customer = record.get("customer_id")
    if customer is None:
        return [(NO_CUSTOMER, f"{record.get('name')}, ARR {record.get('arr', 0)}")]
    if row is None:
        return []
    found = [] if "arr" in record else [(NO_ARR, f"{customer}: unknown, published 0")]
    if tool == "churn" and row["risk_tier"] != row["published_risk_tier"]:
        score, tier, published = (
            row[name] for name in ("risk_score", "risk_tier", "published_risk_tier")
        )
        found.append((NO_GAPS, f"{customer}: {score} is {tier}, published {published}"))
    for one in row["opportunities"] if tool == "expansion" else []:
        if one["target"] != one["published_target"]:
            found.append(
                (
                    LOWEST_TIER,
                    f"{customer}: {one['target']} {one['estimated_revenue']:,.0f}, published"
                    f" {one['published_target']} {one['published_estimated_revenue']:,.0f}",
                )
            )
    return found


def is_explained(tool: str, wording: Collection[tuple[str, str]], row: Mapping) -> bool:
    """Whether a row's own figures differ from the published ones only where that is listed."""
    reasons = {reason for reason, _ in wording}
    if tool == "churn" and NO_GAPS in reasons:
        score = float(row["risk_score"])
        is_gap = 59 < score < 60 or 79 < score < 80
        return is_gap and row["published_risk_tier"] == "low"
    if tool == "expansion" and LOWEST_TIER not in reasons:
        return row["total_estimated_revenue"] == row["published_total_estimated_revenue"]
    return True


def check(reference: Path, folder: Path) -> int:
    """Build, compare, print; return the number of differences that are not on purpose."""
    found = computed(build(reference, folder / "customer_success"))
    mistakes: list[str] = []
    for tool in TOOLS:
        records, returned = inputs(reference, tool), results(reference, tool)
        listed: dict[str, list[str]] = {}
        figure_count, own = 0, []
        for record, result in zip(records, returned, strict=True):
            customer = record.get("customer_id")
            row, figures = found[tool].get(customer, (None, {}))
            wanted = on_purpose(tool, record, row)
            for reason, wording in wanted:
                listed.setdefault(reason, []).append(wording)
            if customer is None:
                continue
            if row is None:
                own.append(f"{customer}: no row")
                continue
            published = published_figures(tool, record, result)
            figure_count += len(published)
            own += differences(customer, published, figures)
            if not is_explained(tool, wanted, row):
                own.append(f"{customer}: differs from the published result without a reason")
        unexpected = found[tool].keys() - {record.get("customer_id") for record in records}
        own += [f"{customer}: no such customer" for customer in sorted(unexpected)]
        print_tool(tool, len(records), figure_count, own, listed)
        mistakes += own
    return len(mistakes)


def print_tool(
    tool: str,
    record_count: int,
    figure_count: int,
    mistakes: Sequence[str],
    listed: Mapping[str, Sequence[str]],
) -> None:
    """Print what was compared, what differs, and what differs on purpose."""
    print(
        f"\n{tool}: {record_count} records, {figure_count:,} figures, {len(mistakes)} differences"
    )
    for mistake in mistakes[:SHOWN]:
        print(f"  DIFFERS  {mistake}")
    for reason, wordings in listed.items():
        print(f"  on purpose ({len(wordings)}): {reason}")
        for wording in wordings:
            print(f"    {wording}")
