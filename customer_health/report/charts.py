"""Pictures: Altair charts in one style, drawn as SVG without a browser.

A row's `tip` says what its mark shows; the page shows it under the pointer.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from customer_health.report.source import Row

FONT = (
    "Inter, 'Segoe UI', 'Helvetica Neue', Roboto, 'Noto Sans', 'Noto Sans CJK SC',"
    " 'Noto Sans CJK JP', 'Microsoft YaHei', 'Hiragino Sans', sans-serif"
)
INK, MUTED, GRID = "#1d2733", "#55606e", "#e3e7ec"

# Told apart also by those who see few colours; on white each has a contrast of 3 at least.
BLUE, ORANGE, GOLD, GREY, TEAL, PLUM = (
    "#1f5f99",
    "#c2500f",
    "#b58900",
    "#7b8794",
    "#0f7c7c",
    "#8c4a86",
)
STRONG = [BLUE, GOLD, ORANGE]
RISK_RANGE = ["#fdf3ea", "#f9cfa5", "#ee9a57", "#c2500f", "#7a2b05"]
COUNT_RANGE = ["#e6f0f8", "#a9cbe6", "#5c9bcb", "#1f5f99", "#0b2f52"]

# Units of a picture in half a row and in a whole one, and the height of most.
WIDTH, WIDE, HEIGHT = 470, 960, 280

# Width of the bars with their figures in half a row, and of a letter of these.
PLOT, LETTER = 350, 7

# Amounts on an axis: 1.5B, where the format alone has 1.5G.
SHORT = "replace(format(datum.value, '~s'), 'G', 'B')"

TAG = re.compile(r"<(?:g|path|text|rect|line|svg|image)\b[^>]*>")
LABEL = re.compile(r'\saria-label="([^"]*)"')
ROLE = re.compile(r'\s(?:role|aria-roledescription|aria-label)="[^"]*"')

AXIS = {
    "labelColor": MUTED,
    "titleColor": MUTED,
    "titleFontWeight": 500,
    "labelFontSize": 13,
    "titleFontSize": 13,
    "titlePadding": 10,
    "gridColor": GRID,
    "domain": False,
    "ticks": False,
    "labelPadding": 8,
}

CONFIG = {
    "background": None,
    "font": FONT,
    "view": {"stroke": None},
    "axis": AXIS,
    "legend": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "titleFontWeight": 500,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "orient": "top",
        "gradientLength": 180,
    },
    "header": {"labelColor": INK, "labelFontSize": 13, "titleColor": MUTED},
    "bar": {"cornerRadiusEnd": 2},
    "text": {"fontSize": 13, "color": INK},
}


@dataclass(frozen=True)
class Drawing:
    """A chart that is drawn as wide as its place on the page."""

    spec: dict[str, Any]

    def svg(self, width: int = WIDTH) -> str:
        """Return the SVG: roles go, the page tells what it is; marks keep their words."""
        spec = self.spec | {
            "width": width,
            "config": CONFIG | {"axis": AXIS | {"labelLimit": max(width // 3, 200)}},
            "autosize": {"type": "fit-x", "contains": "padding"},
        }
        svg = vl_convert.vegalite_to_svg(spec, vl_version=_version())
        svg = TAG.sub(_quiet, svg)
        return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def drawn(chart: alt.TopLevelMixin) -> Drawing:
    """Return a chart as a picture of any width."""
    return Drawing(chart.to_dict(validate=False))


def _version() -> str:
    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def _quiet(tag: re.Match[str]) -> str:
    found = tag.group()
    label = LABEL.search(found)
    is_symbol = 'role="graphics-symbol"' in found and "role-" not in found
    if is_symbol and label is not None and ' mark"' not in label.group():
        return ROLE.sub("", found[:-1].removesuffix("/")) + (
            f' data-tip="{label.group(1)}"' + ("/>" if found.endswith("/>") else ">")
        )
    return ROLE.sub("", found)


def data(rows: Sequence[Row]) -> alt.InlineData:
    """Return rows as the data of a chart."""
    return alt.InlineData(values=list(rows))


def axis(value_format: str) -> alt.Axis:
    """Return the axis of a figure; `~s` is for amounts."""
    if value_format == "~s":
        return alt.Axis(labelExpr=SHORT, tickCount=5)
    return alt.Axis(format=value_format.replace(".1%", ".0%"), tickCount=5)


def _legend(value_format: str) -> alt.Legend:
    if value_format == "~s":
        return alt.Legend(labelExpr=SHORT, orient="bottom", tickCount=4)
    return alt.Legend(format=value_format, orient="bottom", tickCount=4)


def _step(count: int, least: int = 26, most: int = 70) -> dict[str, int]:
    """Return the height of a row, so that pictures of few rows are about as high as others."""
    return {"step": min(max(HEIGHT // max(count, 1), least), most)}


def bars(
    rows: Sequence[Row],
    category: str,
    value: str,
    title: str,
    value_format: str = ",.0f",
    order: Sequence[str] | None = None,
    color: Any = BLUE,
    label: str | None = None,
) -> Drawing:
    """Bars that lie, one for each category, with their figures at the end."""
    names = order or [row[category] for row in rows]
    letters = max((len(row[label]) for row in rows), default=0) if label else 6
    text = min(letters * LETTER + 8, PLOT // 2)
    room = text / (PLOT - text)
    top = max((row[value] or 0 for row in rows), default=0) * (1 + room) or 1
    scale = alt.Scale(domain=[0, top], nice=False)
    base = alt.Chart(data(rows)).encode(
        y=alt.Y(f"{category}:N", sort=list(names), title=None),
        x=alt.X(f"{value}:Q", title=title, scale=scale, axis=axis(value_format)),
        description=alt.Description("tip:N"),
    )
    bar = base.mark_bar(height={"band": 0.7})
    bar = bar.encode(color=alt.value(color) if isinstance(color, str) else color)
    figure = base.mark_text(align="left", dx=6).encode(
        text=alt.Text(f"{label}:N") if label else alt.Text(f"{value}:Q", format=value_format),
        color=alt.value(INK),
    )
    return drawn((bar + figure).properties(height=_step(len(rows))))


def heat_map(
    rows: Sequence[Row],
    x: str,
    y: str,
    value: str,
    label: str,
    titles: tuple[str, str, str],
    orders: tuple[Sequence[str], Sequence[str]],
    domain: Sequence[float] | None = None,
    colors: Sequence[str] = RISK_RANGE,
    value_format: str = ".0%",
) -> Drawing:
    """Cells coloured by a value, each with its words; `titles` are of x, y and the value."""
    known = [row[value] for row in rows if row[value] is not None]
    low, high = domain or (0, max(known, default=1) or 1)
    # Names stand in lines of a word each, above the cells.
    lines_of_names = max((len(name.split(" ")) for name in orders[0]), default=1)
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            f"{x}:N",
            sort=list(orders[0]),
            title=titles[0],
            axis=alt.Axis(
                orient="top",
                labelAngle=0,
                grid=False,
                labelExpr="split(datum.label, ' ')",
                labelPadding=8 + 15 * (lines_of_names - 1),
            ),
        ),
        y=alt.Y(f"{y}:N", sort=list(orders[1]), title=titles[1], axis=alt.Axis(grid=False)),
        description=alt.Description("tip:N"),
    )
    cells = base.mark_rect(stroke="white", strokeWidth=3, cornerRadius=4).encode(
        color=alt.Color(
            f"{value}:Q",
            title=titles[2],
            scale=alt.Scale(domain=[low, high], range=list(colors)),
            legend=_legend(value_format),
        )
    )
    is_dark = alt.datum[value] > low + 0.55 * (high - low)
    ink = alt.when(is_dark).then(alt.value("white")).otherwise(alt.value(INK))
    text = base.mark_text(fontSize=13, lineBreak="\n").encode(
        text=alt.Text(f"{label}:N"), color=ink
    )
    height = _step(len({row[y] for row in rows}), 44, 90)
    return drawn((cells + text).properties(height=height))


def boxes(rows: Sequence[Row], category: str, title: str, domain: Sequence[float]) -> Drawing:
    """Boxes from five figures each: low, q1, median, q3, high (5th to 95th percentile)."""
    scale = alt.Scale(domain=list(domain), zero=False)
    base = alt.Chart(data(rows)).encode(
        y=alt.Y(f"{category}:N", sort=[row[category] for row in rows], title=None),
        description=alt.Description("tip:N"),
    )
    whisker = base.mark_rule(color=MUTED, strokeWidth=1.5).encode(
        x=alt.X("low:Q", title=title, scale=scale, axis=axis(",.0f")), x2="high:Q"
    )
    box = base.mark_bar(height=18, color="#a9cbe6", stroke=BLUE, strokeWidth=1).encode(
        x=alt.X("q1:Q", scale=scale), x2="q3:Q"
    )
    median = base.mark_tick(color=INK, thickness=3, height=18).encode(x="median:Q")
    return drawn((whisker + box + median).properties(height=_step(len(rows))))


def density(rows: Sequence[Row], titles: tuple[str, str], cell: tuple[float, float]) -> Drawing:
    """Accounts counted in cells of health (x) and forecast (y, a log axis)."""
    rows = [
        {
            **row,
            "x2": row["x"] + cell[0],
            "y": 10 ** row["log"],
            "y2": 10 ** (row["log"] + cell[1]),
        }
        for row in rows
    ]
    top = max((row["accounts"] for row in rows), default=1)
    logs = [row["log"] for row in rows] or [0]
    powers = [10.0**power for power in range(math.floor(min(logs)), math.ceil(max(logs)) + 2)]
    chart = (
        alt.Chart(data(rows))
        .mark_rect(stroke="white", strokeWidth=0.6)
        .encode(
            x=alt.X(
                "x:Q",
                title=titles[0],
                scale=alt.Scale(zero=False, nice=True),
                axis=alt.Axis(tickCount=10),
            ),
            x2="x2:Q",
            y=alt.Y(
                "y:Q",
                title=titles[1],
                scale=alt.Scale(type="log", nice=False),
                axis=alt.Axis(labelExpr=SHORT, values=powers),
            ),
            y2="y2:Q",
            color=alt.Color(
                "accounts:Q",
                title="Accounts",
                scale=alt.Scale(type="sqrt", domain=[0, top], range=COUNT_RANGE),
                legend=alt.Legend(format=",.0f", tickCount=3),
            ),
            description=alt.Description("tip:N"),
        )
    )
    return drawn(chart.properties(height=HEIGHT))


def stacked(
    rows: Sequence[Row],
    category: str,
    part: str,
    value: str,
    title: str,
    orders: tuple[Sequence[str], Sequence[str]],
    colors: Sequence[str],
    value_format: str = ",.0f",
) -> Drawing:
    """Bars that lie, each made of parts."""
    place = {name: position for position, name in enumerate(orders[1])}
    rows = [{**row, "place": place.get(row[part], len(place))} for row in rows]
    chart = (
        alt.Chart(data(rows))
        .mark_bar(height={"band": 0.7}, cornerRadiusEnd=0, stroke="white", strokeWidth=1)
        .encode(
            y=alt.Y(f"{category}:N", sort=list(orders[0]), title=None),
            x=alt.X(f"{value}:Q", title=title, axis=alt.Axis(format=value_format, tickCount=5)),
            color=alt.Color(
                f"{part}:N",
                title=None,
                sort=list(orders[1]),
                scale=alt.Scale(domain=list(orders[1]), range=list(colors)),
            ),
            order=alt.Order("place:Q"),
            description=alt.Description("tip:N"),
        )
    )
    height = _step(len({row[category] for row in rows}))
    return drawn(chart.properties(height=height))


def columns(
    rows: Sequence[Row], x: str, y: str, titles: tuple[str, str], value_format: str = ",.0f"
) -> Drawing:
    """Columns over numbers in order, such as a histogram."""
    chart = (
        alt.Chart(data(rows))
        .mark_bar(color=BLUE, stroke="white", strokeWidth=1, cornerRadiusEnd=2)
        .encode(
            x=alt.X(f"{x}:O", title=titles[0], axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{y}:Q", title=titles[1], axis=alt.Axis(format=value_format, tickCount=5)),
            description=alt.Description("tip:N"),
        )
    )
    return drawn(chart.properties(height=240))


def lines(
    rows: Sequence[Row],
    x: str,
    y: str,
    series: str,
    titles: tuple[str, str],
    names: Sequence[str],
    value_format: str = ".0%",
) -> Drawing:
    """Lines over time, told apart by colour, dashes and their names at the last point."""
    scale = alt.Scale(domain=list(names), range=[BLUE, ORANGE, TEAL, PLUM, GOLD][: len(names)])
    base = alt.Chart(data(rows)).encode(
        x=alt.X(
            f"{x}:T", title=titles[0], axis=alt.Axis(format="%b %Y", grid=False, tickCount="month")
        ),
        y=alt.Y(
            f"{y}:Q",
            title=titles[1],
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=value_format, tickCount=5),
        ),
        color=alt.Color(f"{series}:N", legend=None, scale=scale),
        description=alt.Description("tip:N"),
    )
    line = base.mark_line(strokeWidth=2.5).encode(
        strokeDash=alt.StrokeDash(f"{series}:N", legend=None, scale=alt.Scale(domain=list(names)))
    )
    newest = {row[series]: row for row in rows}
    name = (
        alt.Chart(data(list(newest.values())))
        .mark_text(align="right", dy=-12, fontWeight=600)
        .encode(
            x=f"{x}:T",
            y=f"{y}:Q",
            text=f"{series}:N",
            color=alt.Color(f"{series}:N", legend=None, scale=scale),
        )
    )
    points = base.mark_point(filled=True, size=45)
    return drawn((line + points + name).properties(height=260))


def calibration(rows: Sequence[Row], titles: tuple[str, str]) -> Drawing:
    """What was foretold (x) against what happened (y), with the line on which both agree."""
    top = max((max(row["foretold"], row["observed"], row["upper"]) for row in rows), default=1)
    top = math.ceil(top * 10) / 10 or 1
    scale = alt.Scale(domain=[0, top])
    axis = alt.Axis(format=".0%", tickCount=5)
    even = (
        alt.Chart(data([{"foretold": 0, "observed": 0}, {"foretold": top, "observed": top}]))
        .mark_line(color=GREY, strokeDash=[5, 4])
        .encode(x="foretold:Q", y="observed:Q")
    )
    base = alt.Chart(data(rows)).encode(
        x=alt.X("foretold:Q", title=titles[0], scale=scale, axis=axis),
        description=alt.Description("tip:N"),
    )
    bounds = base.mark_rule(color=BLUE, opacity=0.5).encode(y="lower:Q", y2="upper:Q")
    points = base.mark_point(filled=True, size=90, color=BLUE).encode(
        y=alt.Y("observed:Q", title=titles[1], scale=scale, axis=axis)
    )
    line = base.mark_line(color=BLUE).encode(y="observed:Q")
    return drawn((even + bounds + line + points).properties(height=320))
