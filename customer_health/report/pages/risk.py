"""Risk: where low health gathers, by industry and size, and who is to be treated first."""

from collections.abc import Sequence
from functools import lru_cache

from customer_health.report import charts, forms
from customer_health.report.blocks import Absent, Figure, Figures, Page, Picture, Table, columns
from customer_health.report.source import Row, Source

# From small to large; labels of one's own come after them.
SIZES = ("Small Business", "Mid-Market", "Large", "Enterprise")

TONES = {"High": "good", "Medium": "watch", "Low": "bad"}

MATRIX = """
select
    industry,
    account_size_segment,
    account_count,
    scored_count,
    low_health_count,
    low_health_rate,
    low_health_rate_lower,
    low_health_rate_upper,
    low_health_predicted_revenue,
    is_small_sample,
    risk_level,
    priority_rank
from risk_matrix
where policy = $policy
order by priority_rank
"""
INDUSTRIES = """
select industry, scored_count, low_health_count, low_health_rate, low_health_rate_lower,
    low_health_rate_upper, low_health_predicted_revenue, risk_level
from risk_by_industry
where policy = $policy
order by low_health_rate desc nulls last, industry
"""
BANDS = """
select health_band, account_count, account_share, at_least, predicted_6m_revenue_total
from health_bands
where policy = $policy
order by position
"""
PROFILE = """
select metric, max(case when cohort = 'low' then mean end) as low_mean,
    max(case when cohort = 'all' then mean end) as all_mean,
    max(case when cohort = 'low' then median end) as low_median,
    max(case when cohort = 'all' then median end) as all_median,
    max(case when cohort = 'low' then relative_difference_from_all end) as difference
from low_health_profile
where policy = $policy
group by metric
order by abs(difference) desc nulls last, metric
"""
PRIORITIES = """
select position, name, industry, account_size_segment, treatment, owner_role, cadence,
    account_count, predicted_6m_revenue_total
from priority_segments
where policy = $policy
order by position
"""


def risk(source: Source) -> Page:
    """Return the page of risk."""
    page = Page(
        "risk",
        "Risk",
        "Where accounts of low health gather, how sure that is, and whom to treat first.",
    )
    if not source.has("risk_matrix", "health_bands", "risk_by_industry"):
        page.add(Absent("account_health", "The risk matrix"))
        return page
    bands = source.rows(BANDS, policy=source.policy)
    page.add(
        Figures(
            [
                Figure(
                    f"{band['health_band']} health",
                    forms.whole(band["account_count"]),
                    f"{forms.share(band['account_share'])} of accounts, forecast"
                    f" {forms.short(band['predicted_6m_revenue_total'])}",
                    TONES.get(band["health_band"], ""),
                )
                for band in bands
                if band["account_count"] or band["at_least"] is not None
            ]
        ),
        risk_map(source),
        _industries(source),
        _histogram(source),
    )
    if source.has("low_health_profile"):
        page.add(_profile(source))
    if source.has("priority_segments"):
        page.add(
            Table(
                "Priority segments",
                columns(
                    "position|Rank|whole",
                    "name|Segment",
                    "industry|Industry",
                    "account_size_segment|Size",
                    "account_count|Accounts|whole",
                    "predicted_6m_revenue_total|Forecast|amount",
                    "treatment|Treatment",
                    "owner_role|Owner",
                    "cadence|Cadence|words",
                ),
                source.rows(PRIORITIES, policy=source.policy),
            )
        )
    return page


def by_size(names: Sequence[str]) -> list[str]:
    """Return sizes from small to large."""
    place = {name: position for position, name in enumerate(SIZES)}
    return sorted(set(names), key=lambda name: (place.get(name, len(SIZES)), name))


@lru_cache(maxsize=1)
def risk_map(source: Source) -> Picture:
    """Return the heat map of the risk matrix, with its worst cells in words."""
    rows = source.rows(MATRIX, policy=source.policy)
    for row in rows:
        rate, low, count = row["low_health_rate"], row["low_health_count"], row["scored_count"]
        row["label"] = forms.NONE if rate is None else f"{rate:.0%}"
        row["tip"] = (
            f"{row['industry']}, {row['account_size_segment']}: {low:,} of {count:,} accounts low"
            f" ({forms.share(rate)}, 95% interval {forms.share(row['low_health_rate_lower'])} to"
            f" {forms.share(row['low_health_rate_upper'])})"
        )
    worst = ", ".join(
        f"{row['industry']} {row['account_size_segment']} {row['label']}" for row in rows[:3]
    )
    industries = sorted({row["industry"] for row in rows})
    return Picture(
        "Risk matrix: share of accounts with low health",
        charts.heat_map(
            rows,
            "account_size_segment",
            "industry",
            "low_health_rate",
            "label",
            ("", "", "Low-health rate"),
            (by_size([row["account_size_segment"] for row in rows]), industries),
            (0, 1),
        ),
        f"Heat map of the low-health rate by industry and account size. First in rank: {worst}.",
        Table(
            "Risk matrix",
            columns(
                "priority_rank|Rank|whole",
                "industry|Industry",
                "account_size_segment|Size",
                "scored_count|Scored|whole",
                "low_health_count|Low|whole",
                "low_health_rate|Low-health rate|share",
                "low_health_rate_lower|95% from|share",
                "low_health_rate_upper|95% to|share",
                "risk_level|Risk level|words",
                "is_small_sample|Small sample",
                "low_health_predicted_revenue|Forecast of low accounts|amount",
            ),
            rows,
        ),
        note="A cell that no account is in stays empty.",
    )


def _industries(source: Source) -> Picture:
    rows = source.rows(INDUSTRIES, policy=source.policy)
    drawn = [row for row in rows if row["low_health_rate"] is not None]
    for row in drawn:
        row["tip"] = (
            f"{row['industry']}: {row['low_health_count']:,} of {row['scored_count']:,} accounts"
            f" low, {forms.share(row['low_health_rate'])}"
        )
    said = "; ".join(f"{row['industry']} {forms.share(row['low_health_rate'])}" for row in drawn)
    return Picture(
        "Low-health rate by industry",
        charts.bars(drawn, "industry", "low_health_rate", "Share of accounts", ".1%"),
        f"Bar chart of the low-health rate by industry: {said}.",
        Table(
            "Low-health rate by industry",
            columns(
                "industry|Industry",
                "scored_count|Scored|whole",
                "low_health_count|Low|whole",
                "low_health_rate|Rate|share",
                "low_health_rate_lower|95% from|share",
                "low_health_rate_upper|95% to|share",
                "risk_level|Risk level|words",
                "low_health_predicted_revenue|Forecast of low accounts|amount",
            ),
            rows,
        ),
    )


def _histogram(source: Source) -> Picture:
    rows = source.rows(
        "select least(floor(health_score / 5) * 5, 95) as x, count(*) as accounts"
        " from account_health where health_score is not null group by x order by x"
    )
    for row in rows:
        row["span"] = f"{row['x']:.0f} to {row['x'] + 5:.0f}"
        row["label"] = f"{row['x']:.0f}"
        row["tip"] = f"Health {row['span']}: {row['accounts']:,} accounts"
    rows.sort(key=lambda row: row["x"])
    most = max(rows, key=lambda row: row["accounts"], default={"span": forms.NONE, "accounts": 0})
    return Picture(
        "Distribution of health",
        charts.columns(_numbered(rows), "bin", "accounts", ("Health score, from", "Accounts")),
        "Histogram of the health score in steps of 5 points; most accounts, "
        f"{most['accounts']:,}, are at {most['span']}.",
        Table(
            "Distribution of health",
            columns("span|Health", "accounts|Accounts|whole"),
            rows,
        ),
    )


def _numbered(rows: Sequence[Row]) -> list[Row]:
    return [{**row, "bin": int(row["x"])} for row in rows]


def _profile(source: Source) -> Table:
    return Table(
        "What accounts of low health have in common",
        columns(
            "metric|Metric|words",
            "low_mean|Mean, low health|general",
            "all_mean|Mean, all|general",
            "difference|Difference|share",
            "low_median|Median, low health|general",
            "all_median|Median, all|general",
        ),
        source.rows(PROFILE, policy=source.policy),
    )
