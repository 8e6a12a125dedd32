"""The pictures: DuckDB aggregates, Altair draws the few rows that are left."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import duckdb

from customer_health.build_notes import CURRENCY, QUERY, demo_note
from customer_health.deliverables.style import (
    BLUE,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PAPER,
    amount,
    percent,
    titled,
)
from customer_health.deliverables.tables import ACCOUNTS
from customer_health.schemas import BUILD_INFO
from customer_health.sql import literal

# More accounts than this are drawn as the numbers of accounts in cells.
MOST_POINTS = 5_000

# Cells of the binned picture: points of the score, and steps of a tenfold of the forecast.
SCORE_STEP, FORECAST_STEP = 1.0, 0.1

# Accounts beyond the whiskers are drawn one per half point and industry.
OUTLIER_STEP = 0.5

TENS = list(range(0, 101, 10))

SIZES = ("Small Business", "Mid-Market", "Large", "Enterprise")

# Shares from light to dark; above DARK_FROM the text in a cell is light.
HEAT = ["#eef4fa", "#b7d4ec", "#7fb2dc", "#1f6fb2", "#0b2f55"]
DARK_FROM = 0.62

PLATFORMS = ("Marketo", "Stripe", "Zendesk")
NO_PLATFORM = "none"

Connection = duckdb.DuckDBPyConnection
Row = dict[str, Any]


def risk_heatmap(connection: Connection, policy: str) -> alt.TopLevelMixin:
    """Low-health share per industry and size."""
    rows = _rows(
        connection,
        """
        select
            industry,
            account_size_segment,
            account_count,
            scored_count,
            low_health_count,
            cast(low_health_rate as double) as low_health_rate,
            is_small_sample
        from marts.risk_matrix
        where policy = $policy
        """,
        policy=policy,
    )
    overall = _rows(
        connection,
        """
        select
            industry,
            coalesce(cast(low_health_rate as double), -1) as low_health_rate
        from marts.risk_by_industry
        where policy = $policy
        order by industry = 'Unknown', low_health_rate desc nulls last, industry
        """
        if _has(connection, "risk_by_industry")
        else """
        select industry, max(cast(low_health_rate as double)) as low_health_rate
        from marts.risk_matrix
        where policy = $policy
        group by industry
        order by industry = 'Unknown', low_health_rate desc nulls last, industry
        """,
        policy=policy,
    )
    industries = [row["industry"] for row in overall]
    sizes = _in_order({row["account_size_segment"] for row in rows}, SIZES)
    for row in rows:
        row["share"] = percent(row["low_health_rate"]) + ("*" if row["is_small_sample"] else "")
        row["count"] = f"{row['low_health_count']:,} of {row['scored_count']:,}"
        row["is_dark"] = (row["low_health_rate"] or 0) > DARK_FROM
    x = alt.X("account_size_segment:N", sort=sizes, title=None)
    y = alt.Y("industry:N", sort=industries, title=None)
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=x.axis(orient="top", labelAngle=0, domain=False, ticks=False, labelPadding=8),
        y=y.axis(domain=False, ticks=False, labelPadding=8),
    )
    cells = base.mark_rect(stroke=PAPER, strokeWidth=3).encode(
        color=alt.Color(
            "low_health_rate:Q",
            title="Low-health share",
            scale=alt.Scale(domain=[0, 1], range=HEAT),
            legend=alt.Legend(format=".0%", gradientLength=180, values=[0, 0.25, 0.5, 0.75, 1]),
        )
    )
    ink = alt.condition("datum.is_dark", alt.value(PAPER), alt.value(INK))
    texts = [
        base.mark_text(fontSize=17, fontWeight=600, dy=-8).encode(text="share:N", color=ink),
        base.mark_text(fontSize=12, dy=13).encode(text="count:N", color=ink),
    ]
    bound = _low_bound(connection, policy)
    notes = ["Cells without accounts are blank."]
    if any(row["is_small_sample"] for row in rows):
        notes.append("* few accounts: the share is uncertain.")
    return titled(
        alt.layer(cells, *texts).properties(width=140 * len(sizes), height=72 * len(industries)),
        "Low-health accounts by industry and size",
        f"Share of the scored accounts with a health score below {bound:g}, darker is worse."
        f" {_method(connection, policy)}.",
        " ".join(notes),
    )


def health_by_industry(connection: Connection, policy: str) -> alt.TopLevelMixin:
    """Box plot of the scores, whiskers within 1.5 interquartile ranges of the box."""
    boxes = _rows(
        connection,
        f"""
        with scored as (
            select industry, cast(health_score as double) as score
            from {ACCOUNTS}
            where policy = $policy and health_score is not null
        ),
        quartiles as (
            select
                industry,
                count(*) as account_count,
                quantile_cont(score, 0.25) as q25,
                quantile_cont(score, 0.5) as q50,
                quantile_cont(score, 0.75) as q75
            from scored
            group by industry
        )
        select
            quartiles.*,
            min(scored.score) filter (score >= q25 - 1.5 * (q75 - q25)) as low,
            max(scored.score) filter (score <= q75 + 1.5 * (q75 - q25)) as high
        from quartiles
        inner join scored on quartiles.industry = scored.industry
        group by all
        order by q50, quartiles.industry
        """,
        policy=policy,
    )
    outliers = _rows(
        connection,
        f"""
        with scored as (
            select industry, cast(health_score as double) as score
            from {ACCOUNTS}
            where policy = $policy and health_score is not null
        ),
        quartiles as (
            select industry, quantile_cont(score, 0.25) as q25, quantile_cont(score, 0.75) as q75
            from scored
            group by industry
        )
        select
            scored.industry,
            round(scored.score / {OUTLIER_STEP}) * {OUTLIER_STEP} as score,
            count(*) as account_count
        from scored
        inner join quartiles on scored.industry = quartiles.industry
        where score < q25 - 1.5 * (q75 - q25) or score > q75 + 1.5 * (q75 - q25)
        group by all
        order by all
        """,
        policy=policy,
    )
    names = {row["industry"]: f"{row['industry']} ({row['account_count']:,})" for row in boxes}
    for row in [*boxes, *outliers]:
        row["label"] = names[row["industry"]]
    for row in boxes:
        row["median"] = f"{row['q50']:.1f}"
    y = alt.Y("label:N", sort=list(names.values()), title=None).axis(ticks=False, domain=False)
    base = alt.Chart(alt.Data(values=boxes)).encode(y=y)
    bound = _low_bound(connection, policy)
    line = alt.Chart(alt.Data(values=[{"bound": bound, "text": f"low below {bound:g}"}]))
    layers = [
        line.mark_rule(color=ORANGE, strokeDash=[6, 4], strokeWidth=1.5).encode(x="bound:Q"),
        line.mark_text(color=ORANGE, align="left", dx=6, fontSize=12, baseline="top").encode(
            x="bound:Q", y=alt.value(2), text="text:N"
        ),
        base.mark_rule(color=BLUE, strokeWidth=1.5).encode(
            x=alt.X("low:Q", scale=alt.Scale(domain=[0, 100]), title="Health score (0-100)").axis(
                values=TENS
            ),
            x2="high:Q",
        ),
        base.mark_bar(size=30, color="#a9cbe8", stroke=BLUE, strokeWidth=1.5).encode(
            x="q25:Q", x2="q75:Q"
        ),
        base.mark_tick(size=30, thickness=3, color=INK).encode(x="q50:Q"),
        *(
            base.mark_text(dy=-24, fontSize=12, fontWeight=600, **look).encode(
                x="q50:Q", text="median:N"
            )
            for look in ({"stroke": PAPER, "strokeWidth": 4}, {"color": INK})
        ),
        alt.Chart(alt.Data(values=outliers))
        .mark_point(shape="circle", size=16, color=BLUE, opacity=0.6)
        .encode(x="score:Q", y=y),
    ]
    return titled(
        alt.layer(*layers).properties(width=680, height=76 * max(len(boxes), 1)),
        "Health score by industry",
        f"Scored accounts in brackets, lowest median first. {_method(connection, policy)}.",
        "Box: middle half of the accounts, with the median. Lines: up to 1.5 times the box's width;"
        " circles: beyond.",
    )


def forecast_by_tier(connection: Connection, policy: str) -> alt.TopLevelMixin:
    """Total forecast per tier."""
    rows = _rows(
        connection,
        """
        select
            tier,
            account_count,
            cast(total as double) as total,
            cast(share as double) as share,
            cast(mean_health as double) as mean_health
        from marts.contribution_tiers
        where policy = $policy
        order by tier = 'Unscored', mean desc nulls last, tier
        """,
        policy=policy,
    )
    unscored = [row for row in rows if row["tier"] == "Unscored"]
    rows = [row for row in rows if row["tier"] != "Unscored"]
    accounts = sum(row["account_count"] for row in rows)
    for row in rows:
        row["share"] = row["share"] or 0.0
        row["label"] = f"{amount(row['total'])}, {percent(row['share'], 1)}"
        of_all = percent(row["account_count"] / accounts if accounts else None)
        health = "unknown" if row["mean_health"] is None else f"{row['mean_health']:.1f}"
        row["detail"] = f"{row['account_count']:,} accounts ({of_all}), mean health {health}"
        row["name"] = f"Tier {row['tier']}"
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=[row["name"] for row in rows], title=None).axis(
            ticks=False, domain=False, labelFontSize=15, labelFontWeight=600
        ),
        x=alt.X("share:Q", title="Share of the forecast", scale=alt.Scale(domain=[0, 1.32])).axis(
            format=".0%", values=[0, 0.25, 0.5, 0.75, 1], grid=False
        ),
    )
    layers = [
        base.mark_bar(color=BLUE, height=36),
        base.mark_text(align="left", dx=10, dy=-9, fontSize=15, fontWeight=600, color=INK).encode(
            text="label:N"
        ),
        base.mark_text(align="left", dx=10, dy=11, fontSize=12, color=MUTED).encode(
            text="detail:N"
        ),
    ]
    known = sum(row["total"] or 0 for row in rows)
    without = sum(row["account_count"] for row in unscored)
    note = f" {without:,} accounts have no forecast." if without else ""
    return titled(
        alt.layer(*layers).properties(width=720, height=84 * max(len(rows), 1)),
        "Six-month forecast by contribution tier",
        f"{amount(known)} predicted in all, in {_currency(connection)}.{note}"
        f" {_method(connection, policy)}.",
        "Tiers are cut at quantiles of the forecast, not at fixed amounts.",
    )


def health_and_forecast(connection: Connection, policy: str) -> alt.TopLevelMixin:
    """Score against forecast, on a log axis: points, or numbers of accounts in cells."""
    [counts] = _rows(
        connection,
        f"""
        select
            count(*) filter (predicted_6m_revenue > 0) as shown,
            count(*) filter (predicted_6m_revenue <= 0) as without_revenue,
            count(*) filter (predicted_6m_revenue is null) as unknown
        from {ACCOUNTS}
        where policy = $policy
        """,
        policy=policy,
    )
    x = alt.X("score:Q", title="Health score (0-100)", scale=alt.Scale(domain=[0, 100])).axis(
        values=TENS
    )
    y = alt.Y(
        "forecast:Q",
        title=f"Six-month forecast, {_currency(connection)} (log axis)",
        scale=_log_scale(),
    ).axis(labelExpr=LOG_LABELS, values=[10.0**power for power in range(-6, 19)])
    if counts["shown"] <= MOST_POINTS:
        what, note = "One point per account.", ""
        cloud = _points(connection, policy, x, y)
    else:
        what = "Accounts per cell of one point of the score and a tenth of a power of ten."
        cloud = _cells(connection, policy, x, y)
        note = f"{counts['shown']:,} accounts, too many for single points."
    hidden = [
        f"{counts[key]:,} accounts {words}"
        for key, words in (
            ("without_revenue", "with a forecast of 0"),
            ("unknown", "without a forecast"),
        )
        if counts[key]
    ]
    if hidden:
        note = f"{note} Not shown: {', '.join(hidden)}.".strip()
    bound = _low_bound(connection, policy)
    line = (
        alt.Chart(alt.Data(values=[{"bound": bound}]))
        .mark_rule(color=INK, strokeDash=[6, 4])
        .encode(x="bound:Q")
    )
    return titled(
        alt.layer(cloud, line).properties(width=720, height=460),
        "Health score and six-month forecast",
        f"{what} Dashed: scores below {bound:g} are low. {_method(connection, policy)}.",
        "The forecast uses the score, so that part of the relation is by construction.",
        *([note] if note else []),
    )


LOG_LABELS = (
    "datum.value >= 1e12 ? datum.value / 1e12 + ' tn' : datum.value >= 1e9 ? datum.value / 1e9"
    " + ' bn' : datum.value >= 1e6 ? datum.value / 1e6 + ' m' : datum.value >= 1e3 ?"
    " datum.value / 1e3 + ' k' : datum.value"
)


def _log_scale() -> alt.Scale:
    return alt.Scale(type="log", nice=True)


def _points(connection: Connection, policy: str, x: alt.X, y: alt.Y) -> alt.Chart:
    rows = _rows(
        connection,
        f"""
        select
            cast(health_score as double) as score,
            cast(predicted_6m_revenue as double) as forecast,
            health_band as band
        from {ACCOUNTS}
        where policy = $policy and predicted_6m_revenue > 0
        order by account_id
        """,
        policy=policy,
    )
    bands = [
        row["band"]
        for row in _rows(
            connection,
            "select band from marts.policy_bands where policy = $policy order by position",
            policy=policy,
        )
    ]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, size=22, opacity=0.45)
        .encode(
            x=x,
            y=y,
            color=alt.Color("band:N", title="Health band", scale=_band_colours(bands)),
            shape=alt.Shape("band:N", title="Health band", scale=alt.Scale(domain=bands)),
        )
    )


def _band_colours(bands: Sequence[str]) -> alt.Scale:
    """Return colours from the best band to the worst, which colour-blind people tell apart."""
    colours = {1: [ORANGE], 2: [BLUE, ORANGE], 3: ["#0b2f55", "#56a0d3", ORANGE]}
    ramp = ["#0b2f55", "#1f6fb2", "#56a0d3", "#a9cbe8", "#f2b56b", ORANGE]
    return alt.Scale(domain=list(bands), range=colours.get(len(bands), ramp))


def _cells(connection: Connection, policy: str, x: alt.X, y: alt.Y) -> alt.Chart:
    rows = _rows(
        connection,
        f"""
        select
            floor(cast(health_score as double) / {SCORE_STEP}) * {SCORE_STEP} as score,
            floor(log10(cast(predicted_6m_revenue as double)) / {FORECAST_STEP}) as step,
            count(*) as account_count
        from {ACCOUNTS}
        where policy = $policy and predicted_6m_revenue > 0
        group by all
        order by all
        """,
        policy=policy,
    )
    for row in rows:
        row["score_end"] = row["score"] + SCORE_STEP
        row["forecast"] = 10 ** (row["step"] * FORECAST_STEP)
        row["forecast_end"] = 10 ** ((row["step"] + 1) * FORECAST_STEP)
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_rect()
        .encode(
            x=x,
            x2="score_end:Q",
            y=y,
            y2="forecast_end:Q",
            color=alt.Color(
                "account_count:Q",
                title="Accounts",
                scale=alt.Scale(type="log", range=["#cfe3f4", "#56a0d3", "#1f6fb2", "#0b2f55"]),
            ).legend(format=",d", gradientLength=180),
        )
    )


def channel_distribution(connection: Connection, policy: str | None) -> alt.TopLevelMixin:
    """Channels of the cohort's members beside those of all customers, from both tables."""
    rows = _rows(
        connection,
        """
        select
            channel_source,
            channel,
            member_count,
            coalesce(cast(member_share as double), 0) as member_share,
            coalesce(cast(customer_share as double), 0) as customer_share
        from marts.special_conversion_by_channel
        order by member_count desc, channel
        """,
    )
    widest = max((max(row["member_share"], row["customer_share"]) for row in rows), default=0.1)
    panels = []
    for source, title in (("activity", "Activity table"), ("funnel", "Funnel table")):
        own = [row for row in rows if row["channel_source"] == source]
        for row in own:
            row["label"] = f"{percent(row['member_share'], 1)} ({row['member_count']:,})"
            row["end"] = max(row["member_share"], row["customer_share"])
        base = alt.Chart(alt.Data(values=own)).encode(
            y=alt.Y("channel:N", sort=[row["channel"] for row in own], title=None).axis(
                ticks=False, domain=False
            )
        )
        x = alt.X(
            "member_share:Q",
            title="Share of the members",
            scale=alt.Scale(domain=[0, widest * 1.35], nice=False),
        ).axis(format=".0%", tickCount=5, grid=False)
        layers = [
            base.transform_calculate(kind="'Members of the cohort'")
            .mark_bar(height=22)
            .encode(x=x, color=_kinds()),
            base.transform_calculate(kind="'All customers'")
            .mark_tick(size=30, thickness=3, opacity=1)
            .encode(x="customer_share:Q", color=_kinds()),
            base.mark_text(align="left", dx=9, fontSize=12, color=INK).encode(
                x="end:Q", text="label:N"
            ),
        ]
        panels.append(
            alt.layer(*layers).properties(
                width=360,
                height=44 * max(len(own), 1),
                title=alt.TitleParams(title, fontSize=14, anchor="start", offset=8),
            )
        )
    members = sum(row["member_count"] for row in rows if row["channel_source"] == "activity")
    return titled(
        alt.hconcat(*panels, spacing=48),
        "Primary engagement channel of the special-conversion cohort",
        f"{members:,} members, number per channel in brackets. The mark shows the same share of"
        " all customers.",
        "The two tables name different lists of channels; neither is derived from the other.",
    )


def _kinds() -> alt.Color:
    domain = ["Members of the cohort", "All customers"]
    return alt.Color(
        "kind:N", title=None, scale=alt.Scale(domain=domain, range=[BLUE, ORANGE])
    ).legend(orient="bottom", direction="horizontal", symbolType="square")


def health_by_platforms(connection: Connection, policy: str | None) -> alt.TopLevelMixin:
    """Mean health of the members per combination of platforms, with 95 % intervals."""
    rows = _rows(
        connection,
        """
        select
            platforms,
            number_of_platforms,
            count(*) as member_count,
            avg(health_score) as mean,
            1.96 * stddev_samp(health_score) / sqrt(count(*)) as margin
        from marts.special_conversion_customers
        where health_score is not null and number_of_platforms is not null
        group by all
        order by number_of_platforms, platforms
        """,
    )
    for row in rows:
        flags = zip(PLATFORMS, row["platforms"].split("-"), strict=True)
        used = [name for name, flag in flags if flag == "1"]
        row["name"] = f"{row['platforms']} ({' + '.join(used) or NO_PLATFORM})"
        row["text"] = f"{row['mean']:.2f} ({row['member_count']:,} members)"
        row["low"] = max(row["mean"] - (row["margin"] or 0), 0)
        row["high"] = min(row["mean"] + (row["margin"] or 0), 100)
    lowest = 5 * math.floor(min((row["low"] for row in rows), default=0) / 5)
    highest = 5 * math.ceil(max((row["high"] for row in rows), default=100) / 5)
    # Room for the texts to the right of the intervals.
    scale = alt.Scale(domain=[lowest, highest + 0.45 * (highest - lowest)], nice=False, zero=False)
    ticks = list(range(lowest, highest + 1, 5 if highest - lowest <= 50 else 10))
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("name:N", sort=[row["name"] for row in rows], title=None).axis(
            ticks=False, domain=False
        )
    )
    layers = [
        base.mark_rule(color=BLUE, strokeWidth=3, opacity=0.55).encode(
            x=alt.X("low:Q", scale=scale, title="Mean health score of the source (0-100)").axis(
                values=ticks
            ),
            x2="high:Q",
        ),
        base.mark_point(filled=True, size=130, color=BLUE, opacity=1).encode(x="mean:Q"),
        base.mark_text(align="left", dx=12, fontSize=13, color=INK).encode(
            x="high:Q", text="text:N"
        ),
    ]
    means = [row["mean"] for row in rows]
    if means:
        overall = sum(row["mean"] * row["member_count"] for row in rows) / sum(
            row["member_count"] for row in rows
        )
        layers.insert(
            0,
            alt.Chart(alt.Data(values=[{"overall": overall}]))
            .mark_rule(color=GREY, strokeDash=[6, 4])
            .encode(x="overall:Q"),
        )
    return titled(
        alt.layer(*layers).properties(width=640, height=46 * max(len(rows), 1)),
        "Health of the special-conversion cohort by platforms",
        "in_marketo-in_stripe-in_zendesk. Points: means; lines: their 95 % intervals; dashed: mean"
        " of all members.",
        _significance(connection),
    )


def _significance(connection: Connection) -> str:
    found = _rows(
        connection,
        """
        select
            cast(f_statistic as double) as f,
            between_degrees_of_freedom as between_groups,
            within_degrees_of_freedom as within_groups,
            cast(p_value as double) as p
        from marts.special_conversion_significance
        where comparison = 'platforms'
        """,
    )
    if not found or found[0]["p"] is None:
        return "Too few members to tell whether the groups differ by more than chance."
    f, between, within, p = found[0].values()
    verdict = "differ by more than chance" if p < 0.05 else "do not differ by more than chance"
    return f"The groups {verdict}: F({between}, {within}) = {f:.2f}, p = {p:.3f}."


def labels(connection: Connection) -> list[str]:
    """Return the texts from the data that pictures show."""
    texts: set[str] = set()
    for mart, column in (
        ("risk_matrix", "industry"),
        ("risk_matrix", "account_size_segment"),
        ("contribution_tiers", "tier"),
        ("policy_bands", "band"),
        ("special_conversion_by_channel", "channel"),
    ):
        if _has(connection, mart):
            found = connection.execute(f"select distinct {column} from marts.{mart}").fetchall()
            texts |= {text for (text,) in found if text}
    return sorted(texts)


PICTURES: Mapping[str, Callable[[Connection, Any], alt.TopLevelMixin]] = {
    "risk_matrix_heatmap.png": risk_heatmap,
    "risk_heatmap.png": risk_heatmap,
    "health_by_industry_box.png": health_by_industry,
    "predicted_contribution_by_segment.png": forecast_by_tier,
    "health_vs_predicted_contribution.png": health_and_forecast,
    "channel_distribution.png": channel_distribution,
    "platform_health_score.png": health_by_platforms,
}


def _rows(connection: Connection, sql: str, **values: str) -> list[Row]:
    result = connection.execute(sql, values or None)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _has(connection: Connection, mart: str) -> bool:
    found = connection.execute(
        "select count(*) from information_schema.tables where table_catalog = current_database()"
        f" and table_schema = 'marts' and table_name = {literal(mart)}"
    ).fetchall()
    return found[0][0] > 0


def _in_order(names: set[str], first: Sequence[str]) -> list[str]:
    """Return the names, those of `first` in its order, Unknown last."""
    place = {name: number for number, name in enumerate(first)}
    return sorted(names, key=lambda name: (name == "Unknown", place.get(name, len(first)), name))


def _low_bound(connection: Connection, policy: str) -> float:
    """Return the score at which low health ends."""
    [(bound,)] = connection.execute(
        "select min(at_least) from marts.policy_bands where policy = $policy and not is_low_health",
        {"policy": policy},
    ).fetchall()
    return 0.0 if bound is None else float(bound)


def _currency(connection: Connection) -> str:
    """Return the currency of all amounts; 'currency units' where it is not known."""
    if not _has(connection, BUILD_INFO):
        return "currency units"
    known = connection.execute(CURRENCY.format(marts="marts")).fetchall()
    return str(known[0][0]) if known else "currency units"


def _method(connection: Connection, policy: str) -> str:
    """Return the policy and the day of a picture."""
    [(day,)] = connection.execute(
        f"select max(as_of_date) from {ACCOUNTS} where policy = $policy", {"policy": policy}
    ).fetchall()
    method = f"Policy {policy}" + (f", {day}" if day else "")
    if not _has(connection, BUILD_INFO):
        return method
    note = demo_note(connection.execute(QUERY.format(marts="marts")).fetchall())
    return f"{method}. {note.rstrip('.')}" if note else method
