"""CSV files for people: a spreadsheet must not take a text from the data for a formula.

Texts that begin with =, +, -, @, a tab or a carriage return get an apostrophe in front, which
spreadsheets show as text; also in another width, or behind blanks and characters that nobody sees.
Numbers, dates and truth values are written as they are, so that a negative number stays one.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import duckdb

from customer_health.sql import identifier, literal

# What becomes =, +, - or @ by NFKC: signs that are wide, small, raised or lowered.
WIDE_SIGNS = (
    "\u207a\u207c\u208a\u208c\u2a75\u2a76\ufb29\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
)

# Control characters, white space, and format characters such as the byte order mark.
UNSEEN = (
    r"\x00-\x20\x7f-\xa0\xad\x{61c}\x{1680}\x{180e}\x{2000}-\x{200f}\x{2028}-\x{202f}"
    r"\x{205f}-\x{206f}\x{3000}\x{feff}\x{fff9}-\x{fffb}"
)

# As DuckDB writes patterns; Python has other words for the same characters.
FORMULA = rf"^(?:[\t\r]|[{UNSEEN}]*[=+\-@{WIDE_SIGNS}])"
_FORMULA = re.compile(re.sub(r"\\x\{(\w+)\}", lambda code: chr(int(code[1], 16)), FORMULA))


def neutral(cell: Any) -> Any:
    """Return a cell as no spreadsheet calculates with it; None becomes an empty cell."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str) and _FORMULA.match(cell):
        return f"'{cell}"
    return cell


class CsvWriter:
    """Rows of a CSV file with a header, each cell neutral."""

    def __init__(self, out: TextIO, columns: Sequence[str]) -> None:
        self._writer = csv.writer(out, lineterminator="\n")
        self._writer.writerow(columns)

    def write(self, row: Iterable[Any]) -> None:
        """Write one row."""
        self._writer.writerow([neutral(cell) for cell in row])


def copy_csv(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> int:
    """Write the rows of a query to a CSV file, each cell neutral; return how many there are.

    DuckDB writes them itself: memory does not grow with the rows, whose order is the query's.
    """
    columns = connection.execute(f"describe {query}").fetchall()
    cells = ", ".join(
        f"{neutral_sql(name)} as {identifier(name)}" if type_ == "VARCHAR" else identifier(name)
        for name, type_, *_ in columns
    )
    [(count,)] = connection.execute(
        f"copy (select {cells} from ({query}) as rows) to {literal(str(path))}"
        " (format csv, header true)"
    ).fetchall()
    return count


def neutral_sql(column: str) -> str:
    """Return what `neutral` makes of a text column, as DuckDB computes it."""
    name = identifier(column)
    is_formula = f"regexp_matches({name}, {literal(FORMULA)})"
    return f"case when {is_formula} then chr(39) || {name} else {name} end"
