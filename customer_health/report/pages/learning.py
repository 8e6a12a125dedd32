"""Learning: whether scores and alerts foretold what happened."""

from collections.abc import Sequence

from customer_health.report import charts, forms
from customer_health.report.blocks import (
    Absent,
    Column,
    Note,
    Page,
    Picture,
    Table,
    columns,
)
from customer_health.report.source import Row, Source

MARTS = {
    "score_validation": "How well scores tell who leaves",
    "churn_scorecard": "Scorecard of churn",
}
PERIODS = ("test", "train")

LEAD = """
select rule_id, position, opened_count, judged_count, precision_share, foretold_share,
    median_lead_days, status
from alert_report order by position
"""


def learning(source: Source) -> Page:
    """Return the page of learning."""
    page = Page(
        "learning",
        "Learning",
        "Whether scores and alerts foretold what happened, and how early.",
    )
    found = [name for name in MARTS if source.has(name)]
    if source.has("score_calibration"):
        page.add(*_calibration(source.rows("from score_calibration")))
    if not found:
        page.add(Absent("learning", "Calibration and validation of the scores"))
    if source.has("alert_report"):
        page.add(*_lead(source))
    for name in found:
        page.add(_table(source, name))
    return page


def _calibration(rows: Sequence[Row]) -> list[Picture | Note]:
    """Return a curve for each score, or a line that says why there is none."""
    pictures = []
    for score in sorted({row["score"] for row in rows}):
        for period in PERIODS:
            found = [
                row
                for row in rows
                if (row["score"], row["period"]) == (score, period)
                and row["churn_share"] is not None
            ]
            if found:
                found.sort(key=lambda row: row["part"])
                pictures.append(_curve(found, forms.words(score), period))
                break
    return pictures or [
        Note(
            "There are too few outcomes yet to compare what was foretold with what happened.",
            "Calibration",
        )
    ]


def _curve(rows: Sequence[Row], score: str, period: str) -> Picture:
    """Return foretold against observed churn; where nothing is foretold, churn by part."""
    points = [
        {
            "foretold": row["expected_share"],
            "observed": row["churn_share"],
            "lower": row["churn_share_lower"],
            "upper": row["churn_share_upper"],
            "part": row["part"],
            "labels": row["label_count"],
            "tip": f"Part {row['part']}: churn {forms.share(row['churn_share'])} of"
            f" {row['label_count']:,}"
            + (
                f", foretold {forms.share(row['expected_share'])}"
                if row["expected_share"] is not None
                else ""
            ),
        }
        for row in rows
    ]
    is_foretold = all(point["foretold"] is not None for point in points)
    title = f"{'Calibration' if is_foretold else 'Churn by decile'}: {score}"
    table = Table(
        title,
        columns(
            "part|Part|whole",
            "labels|Accounts and dates|whole",
            *(["foretold|Foretold|share"] if is_foretold else []),
            "observed|Observed churn|share",
            "lower|95% from|share",
            "upper|95% to|share",
        ),
        points,
    )
    said = "; ".join(point["tip"] for point in points)
    if is_foretold:
        svg = charts.calibration(points, ("Foretold churn", "Observed churn"))
        return Picture(title, svg, f"Calibration curve. {said}.", table,
                       note=f"Period: {period}. On the dashed line both agree.")  # fmt: skip
    svg = charts.columns(
        points, "part", "observed", ("Part, the riskiest first", "Observed churn"), ".0%"
    )
    return Picture(title, svg, f"Columns of observed churn by part of the score. {said}.", table,
                   note=f"Period: {period}.")  # fmt: skip


def _lead(source: Source) -> list[Picture | Table]:
    rows = source.rows(LEAD)
    for row in rows:
        is_total = row["rule_id"] == "all"
        row["name"] = "All rules" if is_total else forms.words(row["rule_id"])
    drawn = [row for row in rows if row["median_lead_days"] is not None]
    drawn.sort(key=lambda row: -row["median_lead_days"])
    for row in drawn:
        row["label"] = f"{row['median_lead_days']:,.0f} days"
        row["tip"] = (
            f"{row['name']}: half of the churns it foretold came {row['median_lead_days']:,.0f}"
            f" days later or more; it foretold {forms.share(row['foretold_share'])} of churns"
        )
    table = Table(
        "How early alerts were, and how often right",
        columns(
            "name|Rule",
            "opened_count|Opened|whole",
            "judged_count|Judged|whole",
            "precision_share|Followed by churn|share",
            "foretold_share|Churns foretold|share",
            "median_lead_days|Median lead, days|decimal",
            "status|Status|words",
        ),
        rows,
    )
    if not drawn:
        return [table]
    said = "; ".join(f"{row['name']} {row['label']}" for row in drawn[:5])
    return [
        Picture(
            "Lead time of the alerts",
            charts.bars(drawn, "name", "median_lead_days", "Median days before the churn",
                        label="label", color=charts.TEAL),
            f"Bar chart of the median days between an alert and the churn. Longest: {said}.",
            table,
            is_wide=len(drawn) > 12,
        )
    ]  # fmt: skip


def _table(source: Source, name: str) -> Table:
    """Return a mart as a table, each column in the form that its name suggests."""
    rows = source.rows(f"from {name} limit 201")
    keys = list(rows[0]) if rows else []
    shown = [Column(key, forms.words(key), _form(key, rows)) for key in keys]
    return Table(MARTS[name], shown, rows)


def _form(key: str, rows: Sequence[Row]) -> str:
    value = next((row[key] for row in rows if row[key] is not None), None)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "text"
    if key.endswith(("_share", "_rate", "_probability")):
        return "share"
    return "whole" if isinstance(value, int) else "three"
