"""The figures of a build: of each column of each mart the rows, the NULLs and a hash of the values.

A value counts as its text, so that a column may change from one kind of integer to another. The
line `*` of a mart is the hash of its whole rows: values that change places show there only.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
from parity.compare import Relation
from parity.readers import DuckDbReader

HEADER = ("mart", "column", "rows", "nulls", "hash")
WHOLE_ROWS = "*"
MEMORY = "1GB"

# How values are set apart, and the columns of a row; NULL is not the text of any value.
LINE, BETWEEN, NULL = "chr(10)", "chr(31)", "chr(30)"

Figure = tuple[str, str, str, str, str]


def figures_of(work_file: Path, relations: Iterable[Relation]) -> list[Figure]:
    """Return the figures of those relations that were built, in the order of their names."""
    reader = DuckDbReader(work_file)
    try:
        columns = {
            relation: [column.name for column in reader.columns(relation.schema, relation.name)]
            for relation in relations
        }
    finally:
        reader.close()
    with duckdb.connect(str(work_file), read_only=True) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        return sorted(
            figure
            for relation, names in columns.items()
            if names
            for figure in _of_relation(connection, relation, names)
        )


def _of_relation(
    connection: duckdb.DuckDBPyConnection, relation: Relation, columns: list[str]
) -> Iterator[Figure]:
    texts = {column: f'cast("{column}" as varchar)' for column in relation.columns or columns}
    filled = (f"coalesce({text}, {NULL})" for text in texts.values())
    texts[WHOLE_ROWS] = f" || {BETWEEN} || ".join(filled)
    source = f'from "{relation.schema}"."{relation.name}"'
    for column, text in texts.items():
        [(rows, values, values_hash)] = connection.execute(
            f"select count(*), count({text}),"
            f" sha256(coalesce(string_agg({text}, {LINE} order by {text}), '')) {source}"
        ).fetchall()
        yield relation.name, column, str(rows), str(rows - values), values_hash[:16]


def written(figures: Iterable[Figure]) -> str:
    """Return figures as the text of their file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *figures])
    return text.getvalue()


def read(path: Path) -> list[Figure]:
    """Return the figures of a file, none if there is no such file."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]
