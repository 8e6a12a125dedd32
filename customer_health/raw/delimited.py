"""Delimited text: csv, tsv and txt. Every value comes as text, an empty one as NULL.

Python's csv reads each file to its end first: it counts the records, holds each to the width of the
header, and so finds footers and broken quotes by their line. DuckDB reads the file in place; where
it cannot (other encodings, mixed line ends, very long lines) or finds another number of records, it
reads a plain copy, and the load stops if that does not give them all.
"""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb

from customer_health.errors import UserError
from customer_health.raw.broken import naming
from customer_health.raw.contents import UTF8, encoding_of, opened
from customer_health.raw.parts import (
    Part,
    Reading,
    Scratch,
    check_count,
    check_names,
    rows_read,
)
from customer_health.sql import literal

DELIMITERS = ",;\t|"

# What Excel takes as the delimiter, not as data.
SEPARATOR_LINE = re.compile(r'("?)sep=([^"\r\n\0])\1[ \t]*(?:\r\n|\r|\n)', re.IGNORECASE)

# The header must end within the first million characters.
HEADER_LIMIT = 1_000_000

SHOWN_CHARACTERS = 60
BYTES_PER_CHARACTER = 4

# The smallest limit that DuckDB knows for the length of a line.
LINE_BYTES = 2_000_000


@dataclass(frozen=True)
class Dialect:
    """How a file is written, as its beginning tells."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skipped_lines: int
    blanks_before_quotes: bool


def read_delimited(
    connection: duckdb.DuckDBPyConnection, part: Part, scratch: Scratch
) -> tuple[Reading, Path, int] | None:
    """Return how DuckDB reads a part, where, and its number of records; None if it is blank."""
    csv.field_size_limit(2**31 - 1)
    with naming(part.path):
        dialect = _dialect(part)
        if not dialect.header:
            return None
        check_names(part.path, dialect.header)
        records, is_plain = _count(part, dialect)
        if is_plain and dialect.encoding in UTF8:
            reading = _reading(dialect, part)
            if _reads_all(connection, reading.select([part.place]), records):
                return reading, part.place, records
        place = scratch.file(".csv")
        reading = _copied(part, dialect, place)
        check_count(part.path, records, rows_read(connection, reading.select([place])))
        return reading, place, records


def _reads_all(connection: duckdb.DuckDBPyConnection, select: str, records: int) -> bool:
    """Whether DuckDB reads all records in place: with mixed line ends it fails, or loses some."""
    try:
        return rows_read(connection, select) == records
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False


def write_delimited(
    place: Path, header: tuple[str, ...], rows: Iterator[list[str]], part: Part
) -> tuple[Reading, int]:
    """Write rows in the plainest way; return how DuckDB reads them, and their number."""
    longest, count = 0, 0
    with place.open("w", encoding="utf-8", newline="") as file:
        # What holds a character of the line end is quoted, so both are in it.
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(header)
        for row in rows:
            count += 1
            longest = max(longest, sum(map(len, row)))
            writer.writerow(row)
    dialect = Dialect("utf-8", ",", header, 0, False)
    # Each quote may be doubled, each value quoted.
    limit = 2 * BYTES_PER_CHARACTER * longest + 4 * len(header) + 1024
    return _reading(dialect, Part(part.path, place, part.keys), limit), count


def _dialect(part: Part) -> Dialect:
    encoding = encoding_of(part)
    with _text(part, encoding) as file:
        beginning = file.read(HEADER_LIMIT)
    separator = SEPARATOR_LINE.match(beginning)
    delimiters = separator[2] if separator else DELIMITERS
    text = beginning[separator.end() :] if separator else beginning
    splits = [(sign, _first_record(text, sign)) for sign in delimiters]
    delimiter, header = max(splits, key=lambda split: len(split[1]))
    return Dialect(
        encoding,
        delimiter,
        tuple(header),
        int(bool(separator)),
        blanks_before_quotes=f'{delimiter} "' in beginning,
    )


def _first_record(text: str, delimiter: str) -> list[str]:
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return next(filter(None, records), [])


@contextmanager
def _text(part: Part, encoding: str) -> Iterator[io.TextIOWrapper]:
    with opened(part.place) as file:
        buffered = io.BufferedReader(cast(io.RawIOBase, file))
        yield io.TextIOWrapper(buffered, encoding=encoding, newline="")


@contextmanager
def _records(part: Part, dialect: Dialect) -> Iterator[Any]:
    """Yield Python's reader of the lines behind a line `sep=`."""
    with _text(part, dialect.encoding) as file:
        lines = itertools.islice(file, dialect.skipped_lines, None)
        yield csv.reader(
            lines,
            delimiter=dialect.delimiter,
            strict=True,
            skipinitialspace=dialect.blanks_before_quotes,
        )


def _count(part: Part, dialect: Dialect) -> tuple[int, bool]:
    """Return the number of records, and whether DuckDB takes the same lines for such.

    Raises UserError with the line of the first record that is longer or shorter than the header.
    """
    width = len(dialect.header)
    count, is_plain = -1, True
    with _records(part, dialect) as records:
        try:
            for record in records:
                if len(record) != width:
                    if _is_blank(record):
                        # Between the lines DuckDB skips them, unless a value alone is a line.
                        is_plain = is_plain and width > 1 and count >= 0
                        continue
                    _check_width(part, dialect, record, records.line_num)
                count += 1
        except csv.Error as error:
            raise UserError(
                f"{part.path} cannot be read: {error} in record {count + 1:,}, before the end of"
                f" line {dialect.skipped_lines + records.line_num:,}; mend its quotes"
            ) from error
    return count, is_plain


def _is_blank(record: list[str]) -> bool:
    return not record or (len(record) == 1 and not record[0].strip())


def _check_width(part: Part, dialect: Dialect, record: list[str], line: int) -> None:
    """Raise UserError unless a record has all values, and at most empty ones behind them."""
    width = len(dialect.header)
    if len(record) > width > 1 and not any(record[width:]):
        return
    text = dialect.delimiter.join(record)
    shown = text[:SHOWN_CHARACTERS] + ("..." if len(text) > SHOWN_CHARACTERS else "")
    values = f"{len(record):,} {'value' if len(record) == 1 else 'values'}"
    raise UserError(
        f"{part.path} cannot be read: line {dialect.skipped_lines + line:,} has {values} where the"
        f" header names {width:,} columns: {shown!r}; mend it, or remove it if it is the title or"
        " the footer of a report"
    )


def _copied(part: Part, dialect: Dialect, place: Path) -> Reading:
    """Write a plain copy; return how DuckDB reads it."""
    width = len(dialect.header)
    with _records(part, dialect) as records:
        rows = (
            record[:width] for record in records if len(record) == width or not _is_blank(record)
        )
        next(rows)
        return write_delimited(place, dialect.header, rows, part)[0]


def _reading(dialect: Dialect, part: Part, longest: int = 0) -> Reading:
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in dialect.header)
    compression = {".gz": "gzip", ".zst": "zstd"}.get(part.place.suffix.lower(), "none")
    options = (
        f"columns = {{{columns}}}, auto_detect = false, header = true,"
        f" delim = {literal(dialect.delimiter)}, quote = '\"', escape = '\"',"
        f" skip = {dialect.skipped_lines}, compression = '{compression}',"
        " hive_partitioning = false"
    )
    if longest > LINE_BYTES:
        options += f", max_line_size = {longest}"
    return Reading("read_csv", options, dialect.header, part.keys)
