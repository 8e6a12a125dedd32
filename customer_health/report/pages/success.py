"""Customer success: the portfolio, the risk list, expansion and retention."""

from customer_health.report import charts, forms
from customer_health.report.blocks import Absent, Figure, Figures, Page, Picture, Table, columns
from customer_health.report.source import Row, Source

RISK_TIERS = ("critical", "high", "medium", "low", "unscored")

RISKS = """
select risk_tier, count(*) as customers, sum(arr) as arr
from customer_success_churn_risk group by risk_tier
"""
RISK_LIST = """
select customer_id, name, lower(segment) as segment, arr, risk_score, risk_tier, days_to_renewal
from customer_success_churn_risk
where risk_tier in ('critical', 'high')
order by risk_score desc, arr desc nulls last, customer_id
limit 100
"""
EXPANSION = """
select category, count(*) as opportunities, sum(estimated_revenue) as revenue
from customer_success_opportunities
where not on_hold
group by category order by revenue desc nulls last, category
"""
EXPANSION_LIST = """
select customer_id, name, lower(segment) as segment, arr, realistic_revenue, opportunity_count,
    adoption_rate, seat_utilisation
from customer_success_expansion
where not on_hold
order by realistic_revenue desc nulls last, customer_id
limit 100
"""
RETENTION = """
select month, nrr_12m, grr_12m, ending_arr
from retention_by_month where dimension = 'all' order by month
"""


def success(source: Source) -> Page:
    """Return the page of customer success."""
    page = Page(
        "success",
        "Customer success",
        "The portfolio as customer success sees it: health, churn risk before the renewal, and room"
        " to grow.",
    )
    if not source.has("customer_success_portfolio", "customer_success_churn_risk"):
        page.add(Absent("customer_success", "Portfolio, churn risk and expansion"))
        return page
    page.add(_figures(source), _health(source), _tiers(source))
    if source.has("customer_success_opportunities"):
        page.add(_expansion(source))
    if source.has("retention_by_month"):
        page.add(_retention(source))
    page.add(
        Table(
            "Customers at risk",
            columns(
                "name|Customer|account",
                "segment|Segment|words",
                "arr|ARR|amount",
                "risk_score|Churn risk|decimal",
                "risk_tier|Tier|band",
                "days_to_renewal|Days to renewal|whole",
            ),
            _with_accounts(source, RISK_LIST),
            note="Critical and high, at most 100; marts.customer_success_churn_risk has all.",
            id_key="account_id",
        )
    )
    if source.has("customer_success_expansion"):
        page.add(
            Table(
                "Room to grow",
                columns(
                    "name|Customer|account",
                    "segment|Segment|words",
                    "arr|ARR|amount",
                    "realistic_revenue|Realistic revenue|amount",
                    "opportunity_count|Opportunities|whole",
                    "adoption_rate|Modules in use, %|decimal",
                    "seat_utilisation|Seats in use, %|decimal",
                ),
                _with_accounts(source, EXPANSION_LIST),
                note="Without those on hold for their churn risk, at most 100.",
                id_key="account_id",
            )
        )
    return page


def _with_accounts(source: Source, sql: str) -> list[Row]:
    """Return customers, each with the account whose page tells of it, if there is one."""
    rows = source.rows(sql)
    found: dict[str, str] = {}
    if source.has("account_health", "account_review"):
        pairs = source.rows(
            f"select customer_id, account_id from ({source.pairs})"
            " inner join account_health using (account_id)"
            " where account_rank = 1 and list_contains($customers, customer_id)",
            customers=[row["customer_id"] for row in rows],
        )
        found = {pair["customer_id"]: pair["account_id"] for pair in pairs}
    return [{**row, "account_id": found.get(row["customer_id"])} for row in rows]


def _figures(source: Source) -> Figures:
    total = source.row("select * from customer_success_portfolio")
    return Figures(
        [
            Figure(
                "Customers",
                forms.whole(total["health_customer_count"]),
                f"mean score {forms.decimal(total['average_score'])}",
            ),
            Figure("ARR", forms.short(total["arr"]), forms.amount(total["arr"])),
            Figure(
                "Green",
                forms.share(total["green_share"]),
                f"{forms.whole(total['green_count'])} customers",
                "good",
            ),
            Figure(
                "Red",
                forms.share(total["red_share"]),
                f"{forms.whole(total['red_count'])} customers",
                "bad",
            ),
            Figure(
                "ARR at risk",
                forms.short(total["arr_at_risk"]),
                f"{forms.whole(total['at_risk_count'])} customers, critical or high",
                "bad",
            ),
            Figure(
                "Expansion, realistic",
                forms.short(total["realistic_revenue"]),
                f"{forms.whole(total['opportunity_count'])} opportunities",
                "good",
            ),
        ]
    )


def _health(source: Source) -> Picture:
    total = source.row("select * from customer_success_portfolio")
    rows = [
        {
            "name": name.capitalize(),
            "customers": total[f"{name}_count"],
            "share": total[f"{name}_share"],
            "label": f"{total[f'{name}_count']:,}  ({forms.share(total[f'{name}_share'])})",
            "tip": f"{name.capitalize()}: {total[f'{name}_count']:,} customers",
        }
        for name in ("green", "yellow", "red")
    ]
    color = charts.alt.Color(
        "name:N",
        legend=None,
        scale=charts.alt.Scale(domain=["Green", "Yellow", "Red"], range=charts.STRONG),
    )
    return Picture(
        "Portfolio by class",
        charts.bars(rows, "name", "customers", "Customers", color=color, label="label"),
        "Bar chart of the customers by class: "
        + "; ".join(f"{row['name']} {row['label']}" for row in rows)
        + ".",
        Table(
            "Portfolio by class",
            columns("name|Class", "customers|Customers|whole", "share|Share|share"),
            rows,
        ),
        note="Shown in colours that colour-blind readers tell apart.",
    )


def _tiers(source: Source) -> Picture:
    rows = source.rows(RISKS)
    rows.sort(key=lambda row: RISK_TIERS.index(row["risk_tier"]))
    for row in rows:
        row["name"] = row["risk_tier"].capitalize()
        row["label"] = f"{forms.short(row['arr'])}  ({row['customers']:,} customers)"
        row["tip"] = (
            f"{row['name']}: {row['customers']:,} customers, ARR {forms.amount(row['arr'])}"
        )
    return Picture(
        "ARR by churn risk",
        charts.bars(rows, "name", "arr", "ARR", "~s", label="label", color=charts.ORANGE),
        "Bar chart of the ARR by tier of churn risk: "
        + "; ".join(f"{row['name']} {row['label']}" for row in rows)
        + ".",
        Table(
            "ARR by churn risk",
            columns("name|Tier", "customers|Customers|whole", "arr|ARR|amount"),
            rows,
        ),
    )


def _expansion(source: Source) -> Picture:
    rows = source.rows(EXPANSION)
    for row in rows:
        row["name"] = forms.words(row["category"])
        row["label"] = f"{forms.short(row['revenue'])}  ({row['opportunities']:,})"
        row["tip"] = (
            f"{row['name']}: {row['opportunities']:,} opportunities worth"
            f" {forms.amount(row['revenue'])}"
        )
    return Picture(
        "Expansion by kind",
        charts.bars(
            rows, "name", "revenue", "Estimated revenue", "~s", label="label", color=charts.TEAL
        ),
        "Bar chart of the estimated revenue of opportunities by kind: "
        + "; ".join(f"{row['name']} {row['label']}" for row in rows)
        + ".",
        Table(
            "Expansion by kind",
            columns(
                "name|Kind", "opportunities|Opportunities|whole", "revenue|Estimated revenue|amount"
            ),
            rows,
        ),
    )


def _retention(source: Source) -> Picture | None:
    months = source.rows(RETENTION)
    rows = [
        {
            "month": month["month"].isoformat(),
            "rate": month[key],
            "name": name,
            "tip": f"{name}, {month['month']:%B %Y}: {forms.share(month[key])}",
        }
        for month in months
        for name, key in (("Net retention", "nrr_12m"), ("Gross retention", "grr_12m"))
        if month[key] is not None
    ]
    if not rows:
        return None
    newest = months[-1]
    return Picture(
        "Retention over twelve months",
        charts.lines(
            rows,
            "month",
            "rate",
            "name",
            ("", "Of the ARR a year before"),
            ("Net retention", "Gross retention"),
        ),
        "Line chart of net and gross retention of ARR over twelve months; in the newest month net"
        f" {forms.share(newest['nrr_12m'])}, gross {forms.share(newest['grr_12m'])}.",
        Table(
            "Retention over twelve months",
            columns(
                "month|Month|date",
                "nrr_12m|Net retention|share",
                "grr_12m|Gross retention|share",
                "ending_arr|ARR at the end|amount",
            ),
            months,
        ),
    )
