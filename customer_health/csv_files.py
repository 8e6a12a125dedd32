"""CSV files for people: a spreadsheet must not take a text from the data for a formula.

Texts that begin with one of the signs below get an apostrophe in front, which spreadsheets show as
text. Numbers, dates and truth values are written as they are, so that a negative number stays one.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: Any) -> Any:
    """Return a cell as no spreadsheet calculates with it; None becomes an empty cell."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS):
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
