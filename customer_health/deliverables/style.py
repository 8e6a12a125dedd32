"""The look of the pictures, and PNG files of them."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

# The first font that the machine has; what it lacks is taken from any other that has it.
FONT = "Noto Sans, DejaVu Sans, Liberation Sans, Arial, sans-serif"

# Texts in these scripts look best when their font draws the whole picture.
FONTS_OF_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "Noto Sans CJK JP"),
    (re.compile("[\uac00-\ud7af]"), "Noto Sans CJK KR"),
    (re.compile("[\u3400-\u9fff]"), "Noto Sans CJK SC"),
)

INK, MUTED, LINE, PAPER = "#1f2933", "#52606d", "#d9dee4", "#ffffff"
# Blue and orange, which all colour-blind people tell apart.
BLUE, ORANGE, GREY = "#1f6fb2", "#d9740b", "#9aa5b1"

# Pixels per point of the picture.
SCALE = 2.0

# A character of no language: what is drawn for it is the sign for "no font has this".
UNASSIGNED = "\U0003fffd"


def titled(chart: alt.TopLevelMixin, title: str, *lines: str) -> alt.TopLevelMixin:
    """Return the chart with its title, what it shows in words, and the look of all pictures."""
    return (
        chart.properties(
            title=alt.TitleParams(title, subtitle=list(lines), anchor="start", offset=18),
            background=PAPER,
            padding=24,
        )
        .configure(font=FONT)
        .configure_title(
            fontSize=20,
            fontWeight=600,
            color=INK,
            subtitleFontSize=13,
            subtitleColor=MUTED,
            subtitleLineHeight=18,
            subtitlePadding=8,
        )
        .configure_axis(
            labelFontSize=13,
            labelColor=INK,
            labelLimit=260,
            labelPadding=8,
            titleFontSize=13,
            titleFontWeight=500,
            titleColor=MUTED,
            titlePadding=12,
            gridColor=LINE,
            domainColor=LINE,
            tickColor=LINE,
        )
        .configure_legend(
            labelFontSize=12,
            labelColor=INK,
            titleFontSize=12,
            titleFontWeight=500,
            titleColor=MUTED,
            symbolOpacity=1,
            symbolSize=110,
        )
        .configure_header(labelFontSize=14, labelColor=INK, labelFontWeight=600, titleFontSize=13)
        .configure_view(stroke=None)
    )


def write_png(chart: alt.TopLevelMixin, path: Path) -> None:
    """Draw a chart; nothing is fetched from anywhere."""
    spec = chart.to_dict()
    spec["config"]["font"] = _font(spec)
    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    path.write_bytes(
        vl_convert.vegalite_to_png(spec, vl_version=version, scale=SCALE, allowed_base_urls=[])
    )


def _font(spec: dict[str, Any]) -> str:
    text = json.dumps(spec, ensure_ascii=False)
    for script, font in FONTS_OF_SCRIPTS:
        if script.search(text):
            return f"{font}, {FONT}"
    return FONT


def undrawable(texts: Iterable[str]) -> list[str]:
    """Return the characters beyond ASCII that no font draws: they look as UNASSIGNED does."""
    characters = sorted({character for text in texts for character in text if ord(character) > 127})
    if not characters:
        return []
    nothing = _drawn(UNASSIGNED)
    return [character for character in characters if _drawn(character) == nothing]


def _drawn(character: str) -> bytes:
    code = f"&#{ord(character)};"
    return vl_convert.svg_to_png(
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32">'
        f'<text x="4" y="24" font-size="20" font-family="{FONT}">{code}</text></svg>'
    )


def amount(value: float | None) -> str:
    """Return an amount of money in short: 93.9 bn."""
    if value is None:
        return "unknown"
    for size, unit in ((1e12, " tn"), (1e9, " bn"), (1e6, " m"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:,.1f}{unit}"
    return f"{value:,.0f}"


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share as text: 75 %."""
    return "none" if share is None else f"{share * 100:.{digits}f} %"
