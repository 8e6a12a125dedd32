"""Parquet: its types stay, and the parts of a folder may differ in their columns.

Some writers leave the note out that bytes are text: such columns are text if all of it is UTF-8.
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from customer_health.progress import say
from customer_health.raw.broken import naming
from customer_health.raw.parts import Part, check_count, check_names, pattern, rows_read
from customer_health.sql import identifier, literals


def read_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, parts: Sequence[Part]
) -> tuple[str, int]:
    """Return the SELECT of the parts of a table, and the number of its rows."""
    records = sum(_row_count(connection, part) for part in parts)
    files = literals(pattern(part.place) for part in parts)
    has_keys = str(any(part.keys for part in parts)).lower()
    select = (
        f"select * from read_parquet({files}, union_by_name = true,"
        f" hive_partitioning = {has_keys}, hive_types_autocast = false)"
    )
    with naming(path):
        described = connection.execute(f"describe {select}").fetchall()
        check_names(path, [name for name, *_ in described])
        texts = _texts(connection, path, select, [row[0] for row in described if row[1] == "BLOB"])
        columns = ", ".join(
            f"decode({identifier(name)}) as {identifier(name.strip())}"
            if name in texts
            else f"{identifier(name)} as {identifier(name.strip())}"
            for name, *_ in described
        )
        if texts or any(name != name.strip() for name, *_ in described):
            select = f"select {columns} from ({select})"
        check_count(path, records, rows_read(connection, select))
    return select, records


def _row_count(connection: duckdb.DuckDBPyConnection, part: Part) -> int:
    with naming(part.path):
        counts = connection.execute(
            f"select sum(num_rows) from parquet_file_metadata({literals([pattern(part.place)])})"
        )
        return int(counts.fetchall()[0][0])


def _texts(
    connection: duckdb.DuckDBPyConnection, path: Path, select: str, names: Sequence[str]
) -> set[str]:
    """Return those of the columns of bytes that hold nothing but text."""
    if not names:
        return set()
    wrong = ", ".join(
        f"count({identifier(name)}) - count(try(decode({identifier(name)})))" for name in names
    )
    [counts] = connection.execute(f"select {wrong} from ({select})").fetchall()
    for name, count in zip(names, counts, strict=True):
        if count:
            say(
                f"warning: {path} has bytes that are no UTF-8 text in {count:,} values of the"
                f" column {identifier(name)}, which stays as it is"
            )
    return {name for name, count in zip(names, counts, strict=True) if not count}
