"""Texts of exports: what nobody sees around a value, words for no value, and keys."""

import re
import unicodedata
from typing import Any

# What tools write where a text has no value, and where a number, a moment or a flag has none.
NO_TEXT = ("NULL", "null", "\\N")
NOTHING = ("null", "none", "\\n")

FLAGS = dict.fromkeys(("0", "false", "f", "n"), 0) | dict.fromkeys(("1", "true", "t", "y"), 1)

# How a spreadsheet is told that digits are text.
FORMULA = re.compile(r'="(.*)"', re.DOTALL)


def is_unseen(character: str) -> bool:
    """Whether a character is a separator, or one of those for control and format."""
    return unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc", "Cf")


def trimmed(text: str) -> str:
    """The text without what nobody sees around it."""
    first, last = 0, len(text)
    while first < last and is_unseen(text[first]):
        first += 1
    while last > first and is_unseen(text[last - 1]):
        last -= 1
    return text[first:last]


def is_nothing(text: str, is_label: bool = False) -> bool:
    """Whether a trimmed text is a word for no value; fewer are where it could be a name."""
    return text in NO_TEXT if is_label else text.lower() in NOTHING


def key(value: Any) -> str | None:
    """The key that a value stands for; None for a blank and a word for nothing."""
    if value is None:
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    text = trimmed(str(value))
    if whole := FORMULA.fullmatch(text):
        text = trimmed(whole[1])
    text = "".join(one for one in text if unicodedata.category(one) not in ("Cc", "Cf"))
    return None if text.lower() in ("", "null", "none", "nan", "\\n") else text
