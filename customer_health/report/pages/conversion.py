"""Conversion cohort: who converts specially, through which channels, and value against risk."""

import textwrap

from customer_health.report import charts, forms
from customer_health.report.blocks import Absent, Figure, Figures, Page, Picture, Table, columns
from customer_health.report.source import Source

LEVELS = ("Low", "Medium", "High")

CHANNELS = """
select channel_source, channel, member_count, member_share, customer_count, customer_share
from special_conversion_by_channel
order by channel_source, member_count desc, channel
"""
PLATFORMS = """
select platforms, number_of_platforms, member_count, member_share, mean_health, customer_count
from special_conversion_by_platforms
order by number_of_platforms nulls last, platforms
"""
VALUE_RISK = """
select value_level, risk_level, strategy, customer_count, customer_share, member_count,
    mean_health, total_ltv, action_1, action_2, action_3
from value_risk_matrix
"""


def conversion(source: Source) -> Page:
    """Return the page of the conversion cohort."""
    page = Page(
        "conversion",
        "Conversion cohort",
        "Customers of the special conversion: where they come from, what they use, and how value"
        " and risk meet.",
    )
    if not source.has("special_conversion_summary", "special_conversion_by_channel"):
        page.add(Absent("conversion", "The special-conversion cohort"))
        return page
    found = source.rows("select * from special_conversion_summary")
    if found:
        [total] = found
        page.add(
            Figures(
                [
                    Figure(
                        "Members",
                        forms.whole(total["member_count"]),
                        f"of {forms.whole(total['customer_count'])} customers",
                    ),
                    Figure(
                        "Lifetime value against tier",
                        _signed_share(total["mean_ltv_difference_rate"]),
                        "members against all customers of their tier",
                    ),
                    Figure(
                        "Active on the help desk",
                        forms.share(total["zendesk_active_rate"]),
                        "of all members",
                    ),
                    Figure(
                        "From sale to support",
                        f"{forms.decimal(total['mean_sales_to_support_days'], 0)} days",
                        "on average",
                    ),
                ]
            )
        )
    channels = source.rows(CHANNELS)
    page.add(*(_channels(channels, name) for name in ("activity", "funnel")))
    if source.has("special_conversion_by_platforms"):
        page.add(_platforms(source))
    if source.has("value_risk_matrix"):
        page.add(_value_risk(source))
    return page


def _signed_share(value: float | None) -> str:
    return ("+" if value and value > 0 else "") + forms.share(value)


def _channels(rows: list[dict], name: str) -> Picture | None:
    rows = [row for row in rows if row["channel_source"] == name]
    if not rows:
        return None
    for row in rows:
        row["label"] = f"{row['member_count']:,}  ({forms.share(row['member_share'])})"
        row["tip"] = (
            f"{row['channel']}: {row['member_count']:,} members,"
            f" {forms.share(row['member_share'])}; of all customers"
            f" {forms.share(row['customer_share'])}"
        )
    said = "; ".join(f"{row['channel']} {row['member_count']:,}" for row in rows)
    title = f"Channels by {name}"
    return Picture(
        title,
        charts.bars(rows, "channel", "member_count", "Members", label="label"),
        f"Bar chart of the members by channel of {name}: {said}.",
        Table(
            title,
            columns(
                "channel|Channel",
                "member_count|Members|whole",
                "member_share|Share of members|share",
                "customer_count|Customers|whole",
                "customer_share|Share of customers|share",
            ),
            rows,
        ),
    )


def _platforms(source: Source) -> Picture:
    rows = source.rows(PLATFORMS)
    drawn = [row for row in rows if row["mean_health"] is not None]
    for row in drawn:
        row["label"] = f"{row['mean_health']:.1f}  ({row['member_count']:,})"
        row["tip"] = (
            f"Platforms {row['platforms']}: mean health {row['mean_health']:.1f},"
            f" {row['member_count']:,} members"
        )
    said = "; ".join(f"{row['platforms']} {row['mean_health']:.1f}" for row in drawn)
    return Picture(
        "Health by combination of platforms",
        charts.bars(drawn, "platforms", "mean_health", "Mean health score", label="label"),
        f"Bar chart of the mean health of members by combination of platforms: {said}.",
        Table(
            "Health by combination of platforms",
            columns(
                "platforms|Platforms",
                "number_of_platforms|How many|whole",
                "member_count|Members|whole",
                "member_share|Share|share",
                "mean_health|Mean health|decimal",
            ),
            rows,
        ),
        note="Each digit stands for one platform: 1 where the customer uses it. In brackets:"
        " members.",
    )


def _value_risk(source: Source) -> Picture:
    rows = source.rows(VALUE_RISK)
    place = {level: position for position, level in enumerate(reversed(LEVELS))}
    rows.sort(key=lambda row: (place[row["value_level"]], place[row["risk_level"]]))
    for row in rows:
        strategy = textwrap.wrap(forms.words(row["strategy"]), 12)
        row["label"] = "\n".join([f"{row['customer_count']:,}", *strategy])
        row["tip"] = (
            f"Value {row['value_level']}, risk {row['risk_level']}: {row['customer_count']:,}"
            f" customers ({forms.share(row['customer_share'])}): {row['strategy']}"
        )
    said = "; ".join(
        f"value {row['value_level']} and risk {row['risk_level']} {row['customer_count']:,}"
        for row in rows
    )
    return Picture(
        "Value against risk",
        charts.heat_map(
            rows,
            "risk_level",
            "value_level",
            "customer_count",
            "label",
            ("Risk", "Value", "Customers"),
            (LEVELS, LEVELS[::-1]),
            colors=charts.COUNT_RANGE,
            value_format=",.0f",
        ),
        f"Heat map of customers by value and risk: {said}.",
        Table(
            "Value against risk",
            columns(
                "value_level|Value",
                "risk_level|Risk",
                "strategy|Strategy|words",
                "customer_count|Customers|whole",
                "customer_share|Share|share",
                "member_count|Members|whole",
                "mean_health|Mean health|decimal",
                "total_ltv|Lifetime value|amount",
                "action_1|First action",
            ),
            rows,
        ),
    )
