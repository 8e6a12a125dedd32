"""Forecast: six months by tier, band and segment, and the strategy of each tier."""

from customer_health.report import charts, forms
from customer_health.report.blocks import Absent, Figure, Figures, Page, Picture, Table, columns
from customer_health.report.pages.overview import density, tiers
from customer_health.report.pages.risk import by_size
from customer_health.report.source import Source

PARTS = """
select
    sum(run_rate_revenue) as run_rate,
    sum(pipeline_revenue) as pipeline,
    sum(upsell_revenue) as upsell,
    sum(predicted_6m_revenue) as total,
    count(case when predicted_6m_revenue is null then 1 end) as without_forecast
from account_health
"""
BAND_BY_TIER = """
select health_band, contribution_tier, account_count, predicted_6m_revenue_total
from band_by_tier where policy = $policy order by contribution_tier, health_band
"""
SEGMENTS = """
select
    industry, account_size_segment, count(*) as accounts, sum(predicted_6m_revenue) as total
from account_health group by industry, account_size_segment order by total desc nulls last
"""
STRATEGY = """
select tier, strategy, objective, resource_share, cadence, owner_role, action_1, action_2
from tier_strategy where policy = $policy order by tier
"""


def forecast(source: Source) -> Page:
    """Return the page of the forecast."""
    page = Page(
        "forecast",
        "Forecast",
        "What the next six months should bring, from whom, and how much of it rests on weak"
        " health.",
    )
    if not source.has("account_health", "contribution_tiers", "band_by_tier"):
        page.add(Absent("account_health", "The six-month forecast"))
        return page
    parts = source.row(PARTS)
    page.add(
        Figures(
            [
                Figure(
                    "6-month forecast",
                    forms.short(parts["total"]),
                    f"{parts['without_forecast']:,} accounts without a forecast",
                ),
                *(
                    Figure(name, forms.short(parts[key]), forms.amount(parts[key]))
                    for name, key in (
                        ("From the run rate", "run_rate"),
                        ("From the pipeline", "pipeline"),
                        ("From upsell", "upsell"),
                    )
                    if parts[key]
                ),
            ]
        ),
        tiers(source),
        density(source),
        _bands(source),
        _segments(source),
    )
    if source.has("tier_strategy"):
        page.add(
            Table(
                "Strategy by tier",
                columns(
                    "tier|Tier",
                    "strategy|Strategy",
                    "objective|Objective",
                    "resource_share|Resources|share",
                    "cadence|Cadence|words",
                    "owner_role|Owner",
                    "action_1|First action",
                    "action_2|Second action",
                ),
                source.rows(STRATEGY, policy=source.policy),
            )
        )
    return page


def _bands(source: Source) -> Picture:
    rows = source.rows(BAND_BY_TIER, policy=source.policy)
    for row in rows:
        row["tip"] = (
            f"Tier {row['contribution_tier']}, {row['health_band']} health:"
            f" {row['account_count']:,} accounts,"
            f" forecast {forms.amount(row['predicted_6m_revenue_total'])}"
        )
    names = list(dict.fromkeys(row["contribution_tier"] for row in rows))
    bands = [band for band in source.bands if any(row["health_band"] == band for row in rows)]
    low = bands[-1] if bands else ""
    counts = "; ".join(
        f"tier {row['contribution_tier']} {row['account_count']:,}"
        for row in rows
        if row["health_band"] == low
    )
    colors = [*charts.STRONG, charts.GREY, charts.PLUM, charts.TEAL][: len(bands)]
    return Picture(
        "Health bands in each tier",
        charts.stacked(
            rows,
            "contribution_tier",
            "health_band",
            "account_count",
            "Accounts",
            (names, bands),
            colors,
        ),
        f"Stacked bars of the accounts in each tier by health band. {low}: {counts}.",
        Table(
            "Health bands in each tier",
            columns(
                "contribution_tier|Tier",
                "health_band|Band|band",
                "account_count|Accounts|whole",
                "predicted_6m_revenue_total|6-month forecast|amount",
            ),
            rows,
        ),
    )


def _segments(source: Source) -> Picture:
    rows = source.rows(SEGMENTS)
    for row in rows:
        row["label"] = forms.short(row["total"])
        row["tip"] = (
            f"{row['industry']}, {row['account_size_segment']}: {forms.amount(row['total'])} from"
            f" {row['accounts']:,} accounts"
        )
    first = ", ".join(
        f"{row['industry']} {row['account_size_segment']} {row['label']}" for row in rows[:3]
    )
    return Picture(
        "Forecast by segment",
        charts.heat_map(
            rows,
            "account_size_segment",
            "industry",
            "total",
            "label",
            ("", "", "6-month forecast"),
            (
                by_size([row["account_size_segment"] for row in rows]),
                sorted({row["industry"] for row in rows}),
            ),
            colors=charts.COUNT_RANGE,
            value_format="~s",
        ),
        f"Heat map of the forecast by industry and size. Largest: {first}.",
        Table(
            "Forecast by segment",
            columns(
                "industry|Industry",
                "account_size_segment|Size",
                "accounts|Accounts|whole",
                "total|6-month forecast|amount",
            ),
            rows,
        ),
    )
