"""Workbooks of Excel: the sheet that is named like the table, else the first one; all as text."""

import datetime
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from python_calamine import CalamineWorkbook

from customer_health.errors import UserError
from customer_health.progress import say
from customer_health.raw.broken import naming
from customer_health.raw.delimited import write_delimited
from customer_health.raw.parts import Part, Reading, Scratch, check_count, check_names, rows_read

# Excel keeps no more digits of a number; from here on it writes powers of ten.
WHOLE_BELOW = 1e15


def read_workbook(
    connection: duckdb.DuckDBPyConnection, part: Part, table: str, scratch: Scratch
) -> tuple[Reading, Path, int] | None:
    """Return how DuckDB reads a part, where, and its number of records; None if it is blank."""
    with naming(part.path), CalamineWorkbook.from_path(part.place) as workbook:
        names = workbook.sheet_names
        named = [name for name in names if name.strip().lower() == table]
        sheet = workbook.get_sheet_by_name((named or names)[0])
        if len(names) > 1:
            others = ", ".join(name for name in names if name != sheet.name)
            say(f"{part.path}: the sheet {sheet.name} is read, passed over: {others}")
        rows = ((number, list(map(_text, row))) for number, row in enumerate(sheet.iter_rows(), 1))
        filled = ((number, row) for number, row in rows if any(row))
        _, header = next(filled, (0, []))
        while header and not header[-1]:
            del header[-1]
        if not header:
            return None
        check_names(part.path, header)
        place = scratch.file(".csv")
        reading, records = write_delimited(
            place, tuple(header), _within(filled, len(header), part), part
        )
        check_count(part.path, records, rows_read(connection, reading.select([place])))
        return reading, place, records


def _within(rows: Iterator[tuple[int, list[str]]], width: int, part: Part) -> Iterator[list[str]]:
    """Yield the rows as wide as the header. Raises UserError for a value beside it."""
    for number, row in rows:
        if any(row[width:]):
            raise UserError(
                f"{part.path} cannot be read: row {number:,} has a value beside the columns that"
                " the header names; name its column or remove it"
            )
        yield list(itertools.islice(itertools.chain(row, itertools.repeat("")), width))


def _text(value: Any) -> str:
    """Return a cell as text: whole numbers without a point, days and times as ISO 8601."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < WHOLE_BELOW:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    return "" if value is None else str(value)
