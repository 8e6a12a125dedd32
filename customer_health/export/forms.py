"""How figures and texts are written: numbers for JSON, money, titles, and lines of 72 columns."""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

WIDTH = 72
RULE = "=" * WIDTH
THIN_RULE = "-" * WIDTH
UNKNOWN = "unknown"
SHORT_FORMS = ("smb",)

# A name in a report is one line, and sends no commands to a terminal.
NOT_PRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def as_json(value: Any) -> str:
    """Return JSON on one line."""
    return _encode(value)


def number(value: str | float | Decimal | None) -> int | float | None:
    """Return an amount as JSON shows it: whole numbers without a decimal point."""
    if value is None:
        return None
    amount = float(value)
    return int(amount) if amount.is_integer() else amount


def figure(value: float | None) -> str:
    """Return a figure with all its digits, whole numbers without a decimal point."""
    plain = number(value)
    return UNKNOWN if plain is None else f"{plain:,}"


def percent(value: float | None) -> str:
    """Return a figure with a percent sign."""
    return UNKNOWN if value is None else f"{figure(value)}%"


def money(amount: float | None) -> str:
    """Return an amount as $#,##0, half to even."""
    if amount is None:
        return UNKNOWN
    text = f"{abs(amount):,.0f}"
    return f"-${text}" if amount < 0 and text != "0" else f"${text}"


def score(value: float | None) -> str:
    """Return a score with one decimal."""
    return "   -" if value is None else f"{value:.1f}"


def one_line(text: str | None) -> str:
    """Return a text without line breaks and control characters."""
    return NOT_PRINTABLE.sub(" ", text).strip() if text else ""


def title(label: str | None) -> str:
    """Return a label as a title, such as Mid-Market; short forms stay in capitals."""
    words = one_line(label).replace("_", " ")
    return words.upper() if words.lower() in SHORT_FORMS else words.title() or "Unknown"


def label(name: str) -> str:
    """Return a name such as usage_decline as words."""
    return name.replace("_", " ").capitalize()


def wrapped(text: str, first: str, rest: str) -> str:
    """Return a text in lines of 72 columns; `first` begins the first line, `rest` the others."""
    return textwrap.fill(
        one_line(text),
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def numbered(texts: Iterable[str], indent: str = "    ") -> Iterator[str]:
    """Yield texts as a numbered list."""
    for position, text in enumerate(texts, start=1):
        first = f"{indent}{position}. "
        yield wrapped(text, first, " " * len(first))


def heading(customer: dict[str, Any]) -> str:
    """Return the line that names a customer."""
    name = one_line(customer["name"]) or "(no name)"
    return wrapped(f"{name} ({one_line(customer['customer_id'])})", "", "  ")
