"""Learning: whether scores and alerts foretold what happened."""

from collections.abc import Sequence

from customer_health.report import charts, forms
from customer_health.report.blocks import (
    Absent,
    Note,
    Page,
    Picture,
    Table,
    columns,
)
from customer_health.report.source import Row, Source

VALIDATION = """
select score, period, status, label_count, event_count, churn_share, auc, top_lift,
    capacity_precision, capacity_recall, expected_calibration_error, median_lead_days
from score_validation order by score, period desc
"""
SCORECARD = """
select signal, bin, above_value, up_to_value, label_count, event_count, weight_of_evidence, points
from churn_scorecard order by position, bin
"""
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
    if source.has("score_calibration"):
        page.add(*_calibration(source.rows("from score_calibration")))
    if source.has("alert_report"):
        page.add(*_lead(source))
    if source.has("score_validation"):
        page.add(_validation(source))
    else:
        page.add(Absent("learning", "Calibration and validation of the scores"))
    if source.has("churn_scorecard"):
        page.add(_scorecard(source))
    return page


def _calibration(rows: Sequence[Row]) -> list[Picture | Note]:
    """Return a curve for each score, or a line that says why there is none."""
    pictures: list[Picture | Note] = []
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


def _validation(source: Source) -> Table:
    return Table(
        "How well scores tell who leaves",
        columns(
            "score|Score|words",
            "period|Period|words",
            "status|Status|words",
            "label_count|Accounts and dates|whole",
            "event_count|Churned|whole",
            "churn_share|Churn|share",
            "auc|AUC|three",
            "top_lift|Lift, top tenth|two",
            "capacity_precision|Precision|share",
            "capacity_recall|Recall|share",
            "expected_calibration_error|Calibration error|three",
            "median_lead_days|Lead, days|whole",
        ),
        source.rows(VALIDATION),
        note="AUC: 0.5 is chance, 1 is perfect. Precision and recall: of the accounts that the team"
        " has the capacity to treat.",
    )


def _scorecard(source: Source) -> Table | Note:
    rows = source.rows(SCORECARD)
    if not rows:
        return Note(
            "There are too few outcomes in the training period for a scorecard yet.",
            "Scorecard of churn",
        )
    return Table(
        "Scorecard of churn",
        columns(
            "signal|Signal|words",
            "bin|Bin|whole",
            "above_value|Above|general",
            "up_to_value|Up to|general",
            "label_count|Accounts and dates|whole",
            "event_count|Churned|whole",
            "weight_of_evidence|Weight of evidence|three",
            "points|Points|whole",
        ),
        rows,
    )
