"""How figures are written on the pages: thousands separators, short money, shares, dates."""

import datetime
import re
from typing import Any

from customer_health.export.forms import SHORT_FORMS

# An en dash and a real minus.
NONE, MINUS = "\u2013", "\u2212"
# Parts of names that are not words, as they are written.
ACRONYMS = (*SHORT_FORMS, "arr", "csat", "dau", "id", "ltv", "mau", "nps")
SPELLED = {acronym: acronym.upper() for acronym in ACRONYMS} | {
    "7d": "in 7 days",
    "30d": "in 30 days",
    "90d": "in 90 days",
    "6m": "6-month",
    "percentage": "in percent",
}
NAME = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def whole(value: float | None) -> str:
    """Return a count, such as 12,345."""
    return NONE if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 1) -> str:
    """Return a figure with so many decimals."""
    return NONE if value is None else f"{value:,.{digits}f}"


def general(value: float | None) -> str:
    """Return a figure of any size: large ones without decimals, small ones with two."""
    return NONE if value is None else decimal(value, 0 if abs(value) >= 1000 else 2)


def signed(value: float | None) -> str:
    """Return a change with its sign; the minus is a real one."""
    return NONE if value is None else f"{value:+,.1f}".replace("-", MINUS)


def share(value: float | None) -> str:
    """Return a share as per cent with one decimal."""
    return NONE if value is None else f"{value * 100:,.1f}%".replace("-", MINUS)


def amount(value: float | None) -> str:
    """Return an amount in full, such as 1,234,567."""
    return NONE if value is None else f"{value:,.0f}".replace("-", MINUS)


def short(value: float | None) -> str:
    """Return an amount in three digits or so, such as 1.23M."""
    if value is None:
        return NONE
    for step, letter in STEPS:
        if abs(value) >= step:
            scaled = value / step
            digits = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
            return f"{scaled:,.{digits}f}{letter}".replace("-", MINUS)
    return amount(value)


def text(value: Any) -> str:
    """Return a text or a date as it is, nothing as a dash."""
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def words(value: Any) -> str:
    """Return a name such as total_activities_30d as words."""
    if value is None or value == "":
        return NONE
    said = _spelled(str(value))
    return said[:1].upper() + said[1:]


def signals(value: Any) -> str:
    """Return a text in which names such as login_trend stand as words."""
    if value is None or value == "":
        return NONE
    said = NAME.sub(lambda name: _spelled(name.group()), str(value))
    said = said.replace(">=", "at least").replace("<=", "at most")
    return said[:1].upper() + said[1:]


def _spelled(name: str) -> str:
    parts = name.split("_") if "_" in name else name.split(" ")
    return " ".join(SPELLED.get(part.lower(), part) for part in parts)
