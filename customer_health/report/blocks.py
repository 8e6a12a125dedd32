"""What a page is made of: figures, pictures with their tables, tables, and notes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from customer_health.report import forms
from customer_health.report.charts import WIDE, WIDTH, Drawing
from customer_health.report.source import Row

# What is left of a table on its page; the marts have the rest.
MOST_ROWS = 200

SUBJECTS = "customer_health_subjects"

# How a column is written -> the function that does it.
FORMS: dict[str, Callable[[Any], str]] = {
    "text": forms.text,
    "date": forms.text,
    "general": forms.general,
    "words": forms.words,
    "signals": forms.signals,
    "whole": forms.whole,
    "decimal": forms.decimal,
    "two": lambda value: forms.decimal(value, 2),
    "three": lambda value: forms.decimal(value, 3),
    "signed": forms.signed,
    "share": forms.share,
    "amount": forms.amount,
    "short": forms.short,
    "band": forms.words,
    "account": forms.text,
}
LEFT = ("text", "date", "words", "signals", "band", "account")


@dataclass(frozen=True)
class Figure:
    """A headline figure on a card; `tone` is good, watch, bad or none."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Figures:
    """A row of cards."""

    figures: Sequence[Figure]
    kind: str = "figures"


@dataclass(frozen=True)
class Column:
    """A column of a table: the key of the rows, its heading and its form."""

    key: str
    heading: str
    form: str = "text"

    @property
    def is_left(self) -> bool:
        return self.form in LEFT

    def shown(self, row: Row) -> str:
        """Return the cell of a row."""
        return FORMS[self.form](row[self.key])


def columns(*described: str) -> list[Column]:
    """Return columns from texts such as `low_health_count|Low accounts|whole`."""
    return [Column(*part.split("|")) for part in described]


@dataclass(frozen=True)
class Table:
    """A table under its heading; `id_key` names the column with the account of a row, if any."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    note: str = ""
    id_key: str = ""
    kind: str = "table"

    @property
    def shown(self) -> Sequence[Row]:
        return self.rows[:MOST_ROWS]

    @property
    def left_out(self) -> int:
        return max(len(self.rows) - MOST_ROWS, 0)


@dataclass(frozen=True)
class Picture:
    """A picture, what it says in words, and the figures behind it."""

    title: str
    drawing: Drawing
    alt: str
    table: Table
    note: str = ""
    is_wide: bool = False
    kind: str = "picture"

    @property
    def svg(self) -> str:
        """The picture, as wide as its place."""
        return self.drawing.svg(WIDE if self.is_wide else WIDTH)


@dataclass(frozen=True)
class Note:
    """A paragraph."""

    text: str
    title: str = ""
    kind: str = "note"


@dataclass(frozen=True)
class Absent:
    """What stands where a subject was not built: how to switch it on."""

    subject: str
    what: str
    kind: str = "absent"

    @property
    def setting(self) -> str:
        return SUBJECTS


@dataclass
class Page:
    """One page of the site."""

    name: str
    title: str
    lead: str
    blocks: list[Any] = field(default_factory=list)

    @property
    def laid_out(self) -> list[Any]:
        """The blocks; the last picture of an odd row of them takes the whole width."""
        blocks = list(self.blocks)
        row: list[int] = []
        for position, block in enumerate([*blocks, None]):
            if isinstance(block, Picture) and not block.is_wide:
                row.append(position)
                continue
            if len(row) % 2:
                blocks[row[-1]] = replace(blocks[row[-1]], is_wide=True)
            row = []
        return blocks

    def add(self, *blocks: Any) -> None:
        """Append blocks; None is left out."""
        self.blocks += [block for block in blocks if block is not None]
