"""The overview: headline figures and the four pictures that managers ask for first."""

from functools import lru_cache

from customer_health.report import charts, forms
from customer_health.report.blocks import Absent, Figure, Figures, Page, Picture, Table, columns
from customer_health.report.pages.risk import risk_map
from customer_health.report.source import Row, Source

BOXES = """
select
    industry,
    count(*) as accounts,
    quantile_cont(health_score, 0.05) as low,
    quantile_cont(health_score, 0.25) as q1,
    quantile_cont(health_score, 0.5) as median,
    quantile_cont(health_score, 0.75) as q3,
    quantile_cont(health_score, 0.95) as high
from account_health
where health_score is not null
group by industry
order by median desc, industry
"""
# Cells of 5 points and a quarter of a power of ten: their number does not grow with the accounts.
CELL = (5, 0.25)
DENSITY = f"""
select
    floor(health_score / {CELL[0]}) * {CELL[0]} as x,
    floor(log10(predicted_6m_revenue) / {CELL[1]}) * {CELL[1]} as log,
    count(*) as accounts
from account_health
where health_score is not null and predicted_6m_revenue > 0
group by x, log
order by x, log
"""
TIERS = """
select tier, lower_bound, account_count, total, mean, share, mean_health
from contribution_tiers
left join policy_tiers using (policy, tier)
where policy = $policy
order by policy_tiers.position nulls last, tier
"""
MOST_URGENT = """
select account_id, account_name, industry, health_score, health_band, predicted_6m_revenue
from account_health
where health_band in (select band from policy_bands where is_low_health and policy = $policy)
order by predicted_6m_revenue desc nulls last, account_id
limit 10
"""


def overview(source: Source) -> Page:
    """Return the overview."""
    page = Page(
        "index",
        "Overview",
        "How healthy the accounts are, where risk sits, and what the next months should bring.",
    )
    if not source.has("account_health", "health_forecast_summary"):
        page.add(Absent("account_health", "Scores, risk and forecast of the accounts"))
        return page
    page.add(_figures(source), risk_map(source), _boxes(source), tiers(source), density(source))
    page.add(
        Table(
            "Low health, highest forecast",
            columns(
                "account_name|Account|account",
                "industry|Industry",
                "health_score|Health|decimal",
                "health_band|Band|band",
                "predicted_6m_revenue|6-month forecast|amount",
            ),
            source.rows(MOST_URGENT, policy=source.policy),
            note="Where a save matters most: accounts of the lowest band by their forecast.",
            id_key="account_id",
        )
    )
    return page


def _figures(source: Source) -> Figures:
    total = source.row(
        "select * from health_forecast_summary where policy = $policy", policy=source.policy
    )
    scored = total["scored_count"] or 0
    low = total["low_health_count"] or 0
    figures = [
        Figure("Accounts", forms.whole(total["account_count"]), f"{forms.whole(scored)} scored"),
        Figure(
            "Mean health",
            forms.decimal(total["mean_health_score"]),
            f"median {forms.decimal(total['median_health_score'])}, scale 0 to 100",
        ),
        Figure(
            "Low health",
            forms.share(low / scored if scored else None),
            f"{forms.whole(low)} accounts",
            "bad",
        ),
        Figure(
            "6-month forecast",
            forms.short(total["predicted_6m_revenue_total"]),
            forms.amount(total["predicted_6m_revenue_total"]),
        ),
        Figure(
            "Low health in the top tier",
            forms.whole(total["low_health_top_tier_count"]),
            "accounts to save first",
            "watch",
        ),
    ]
    if source.has("customer_success_portfolio"):
        arr = source.row("select arr_at_risk, at_risk_count from customer_success_portfolio")
        figures.append(
            Figure(
                "ARR at risk",
                forms.short(arr["arr_at_risk"]),
                f"{forms.whole(arr['at_risk_count'])} customers, critical or high churn risk",
                "bad",
            )
        )
    return Figures(figures)


def _boxes(source: Source) -> Picture:
    rows = source.rows(BOXES)
    for row in rows:
        row["tip"] = (
            f"{row['industry']}: median {row['median']:.1f}, middle half {row['q1']:.1f} to"
            f" {row['q3']:.1f}, {row['accounts']:,} accounts"
        )
    said = "; ".join(f"{row['industry']} {row['median']:.1f}" for row in rows)
    return Picture(
        "Health by industry",
        charts.boxes(rows, "industry", "Health score", (0, 100)),
        f"Box plot of the health score by industry. Medians: {said}.",
        Table(
            "Health by industry",
            columns(
                "industry|Industry",
                "accounts|Scored accounts|whole",
                "low|5th percentile|decimal",
                "q1|First quartile|decimal",
                "median|Median|decimal",
                "q3|Third quartile|decimal",
                "high|95th percentile|decimal",
            ),
            rows,
        ),
        note="Box: the middle half; bar: the median; line: the 5th to the 95th percentile.",
    )


@lru_cache(maxsize=1)
def tiers(source: Source) -> Picture:
    """Return the forecast by contribution tier."""
    rows = source.rows(TIERS, policy=source.policy)
    drawn = [row for row in rows if row["total"] is not None]
    for row in drawn:
        row["label"] = f"{forms.short(row['total'])}  ({forms.share(row['share'])})"
        row["tip"] = (
            f"Tier {row['tier']}: {forms.amount(row['total'])} from {row['account_count']:,}"
            f" accounts, {forms.share(row['share'])} of all"
        )
    said = "; ".join(f"tier {row['tier']} {forms.short(row['total'])}" for row in drawn)
    return Picture(
        "Forecast by tier",
        charts.bars(drawn, "tier", "total", "6-month forecast", "~s", label="label"),
        f"Bar chart of the six-month forecast by contribution tier: {said}.",
        Table(
            "Forecast by tier",
            columns(
                "tier|Tier",
                "account_count|Accounts|whole",
                "total|6-month forecast|amount",
                "share|Share|share",
                "mean|Mean|amount",
                "lower_bound|Lower bound|amount",
                "mean_health|Mean health|decimal",
            ),
            rows,
        ),
    )


@lru_cache(maxsize=1)
def density(source: Source) -> Picture:
    """Return health against forecast, counted in cells."""
    rows = source.rows(DENSITY)
    for row in rows:
        row["from"], row["to"] = 10 ** row["log"], 10 ** (row["log"] + CELL[1])
        row["health"] = _span(row)
        row["tip"] = (
            f"{row['accounts']:,} accounts with health {row['health']}, forecast"
            f" {forms.short(row['from'])} to {forms.short(row['to'])}"
        )
    found = source.row(
        "select health_forecast_correlation as r, "
        "(select count(*) from account_health where predicted_6m_revenue <= 0"
        " or predicted_6m_revenue is null or health_score is null) as left_out"
        " from health_forecast_summary where policy = $policy",
        policy=source.policy,
    )
    correlation = forms.decimal(found["r"], 2)
    return Picture(
        "Health against forecast",
        charts.density(rows, ("Health score", "6-month forecast (log axis)"), CELL),
        "Heat map of the number of accounts by health score and six-month forecast on a log axis;"
        f" the correlation of both is {correlation}.",
        Table(
            "Health against forecast",
            columns(
                "health|Health",
                "from|Forecast from|amount",
                "to|Forecast below|amount",
                "accounts|Accounts|whole",
            ),
            rows,
        ),
        note=f"Correlation {correlation}. {found['left_out']:,} accounts without a score or a"
        " positive forecast are not drawn.",
    )


def _span(row: Row) -> str:
    return f"{row['x']:.0f} to {row['x'] + CELL[0]:.0f}"
