"""CSV files for people: a spreadsheet must not take a text from the data for a formula.

Texts that begin with one of the signs below get an apostrophe in front, which spreadsheets show as
text. Numbers, dates and truth values are written as they are, so that a negative number stays one.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

import duckdb

from customer_health.sql import identifier, literal

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
    signs = ", ".join(f"chr({ord(sign)})" for sign in FORMULA_SIGNS)
    return f"case when left({name}, 1) in ({signs}) then chr(39) || {name} else {name} end"
