"""The parts of a table: files of one form, united by the names of their columns.

Names that differ in nothing but case are one column; a column that a part lacks is NULL there.
"""

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import duckdb

from customer_health.errors import UserError
from customer_health.raw.entries import Keys
from customer_health.sql import identifier, literal, literals

# How Hive writes a key that is NULL.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Part:
    """A file as its user knows it, where DuckDB reads it, and the keys of its folders."""

    path: Path
    place: Path
    keys: Keys = ()


class Scratch:
    """A folder for what DuckDB cannot read in place; there is none before it is needed."""

    def __init__(self) -> None:
        self.folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    def file(self, suffix: str) -> Path:
        """Return the path of a new file."""
        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="customer-health-load-")
        self._count += 1
        return Path(self.folder.name) / f"{self._count}{suffix}"


@dataclass(frozen=True)
class Reading:
    """How DuckDB reads parts that are alike: a table function, its options, and their columns."""

    function: str
    options: str
    names: tuple[str, ...]
    keys: Keys = ()

    def select(self, places: Iterable[Path]) -> str:
        """Return the SELECT of the columns as they are written."""
        files = literals(map(pattern, places))
        return f"select * from {self.function}({files}, {self.options})"

    @property
    def columns(self) -> dict[str, str]:
        """The expression of each column by its name without blanks around it."""
        columns = {name.strip(): identifier(name) for name in self.names}
        return columns | {key: _value(value) for key, value in self.keys}


def united(readings: Mapping[Reading, Sequence[Path]]) -> str:
    """Return the SELECT of all parts with all columns, in the order in which they first occur."""
    names: dict[str, str] = {}
    for reading in readings:
        for name in reading.columns:
            names.setdefault(name.lower(), name)
    return " union all ".join(
        _projected(reading, places, names) for reading, places in readings.items()
    )


def check_names(path: Path, names: Sequence[str]) -> None:
    """Raise UserError if a name is blank, holds a line break, or occurs twice in whatever case."""
    if not names:
        raise UserError(f"{path} has no columns; its first line must name them")
    if any(not name.strip() for name in names):
        raise UserError(f"{path} has a column without a name; name it or remove it")
    broken = [name for name in names if "\n" in name or "\r" in name]
    if broken:
        raise UserError(f"{path} has a column name with a line break ({broken[0]!r}); rename it")
    if any("\0" in name for name in names):
        raise UserError(f"{path} has a column name with a NUL character, so it is no text")
    counts = Counter(name.strip().lower() for name in names)
    repeated = [name for name, times in counts.items() if times > 1]
    if repeated:
        raise UserError(
            f"{path} has more than one column {identifier(repeated[0])}; rename or remove one"
        )


def rows_read(connection: duckdb.DuckDBPyConnection, select: str) -> int:
    """Return how many rows there are, having read every value of every column."""
    counts = connection.execute(f"select count(*), bit_xor(hash(*columns(*))) from ({select})")
    return int(counts.fetchall()[0][0])


def check_count(path: Path, records: int, rows: int) -> None:
    """Raise UserError if DuckDB reads more or fewer rows than there are records."""
    if records != rows:
        raise UserError(
            f"{path} holds {records:,} records, but DuckDB reads {rows:,} rows of it; write it anew"
            " with plain line ends and quotes"
        )


def pattern(path: Path) -> str:
    """Return the absolute path, written so that DuckDB takes no character of it for a wildcard."""
    return re.sub(r"[*?\[]", lambda wildcard: f"[{wildcard.group(0)}]", str(path.absolute()))


def _projected(reading: Reading, places: Iterable[Path], names: Mapping[str, str]) -> str:
    select = reading.select(places)
    columns = reading.columns
    if list(reading.names) == list(names.values()):
        return select
    of_lower = {name.lower(): expression for name, expression in columns.items()}
    chosen = (
        f"{of_lower.get(lower, 'cast(null as varchar)')} as {identifier(name)}"
        for lower, name in names.items()
    )
    return f"select {', '.join(chosen)} from ({select})"


def _value(written: str) -> str:
    return "cast(null as varchar)" if written == NO_VALUE else literal(unquote(written))
