"""Raw tables, and the SQL that reads the files of each.

Text formats come as text throughout, since guessing types turns one "n/a" into a failure later;
parquet keeps its types. Each file is read to its end, as the SQL will read it, every column.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from customer_health.documents import holds_documents, read_documents
from customer_health.errors import UserError
from customer_health.progress import detail, say
from customer_health.raw.broken import naming
from customer_health.raw.contents import in_utf8, unpacked
from customer_health.raw.delimited import read_delimited
from customer_health.raw.entries import DELIMITED, JSON, entries, parts_of, suffix_of
from customer_health.raw.json_files import read_json
from customer_health.raw.parquet import read_parquet
from customer_health.raw.parts import Part, Reading, Scratch, united
from customer_health.raw.workbook import read_workbook

# Smaller files are read within a moment.
TOLD_FROM_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Relation:
    """What the files of a table hold: the SELECT that reads them, and its rows.

    `select` is None for files of JSON without any record, which have no columns either. `folders`
    hold what is read in the place of the files; they go when nobody refers to them any more.
    """

    select: str | None
    row_count: int
    folders: "tuple[TemporaryDirectory[str], ...]" = ()


def table_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each table in the folder by its name in lower case, sorted.

    An absent folder has none. Raises UserError for a file whose name is no table name.
    """
    found: dict[str, list[Path]] = {}
    for entry in entries(folder):
        if entry.table is not None:
            found.setdefault(entry.table, []).append(entry.path)
    return found


def read(connection: duckdb.DuckDBPyConnection, path: Path, table: str = "") -> Relation:
    """Return the relation of a file, or of a folder with the parts of a table.

    Raises UserError, naming the file, when it is broken or its columns have no usable names.
    """
    scratch = Scratch()
    with naming(path):
        found = parts_of(path) if path.is_dir() else [(path, ())]
    parts = []
    for place, keys in found:
        with naming(place):
            if (size := place.stat().st_size) > TOLD_FROM_BYTES:
                detail(f"reading {place} ({size / 1e6:,.0f} MB)")
            parts.append(unpacked(Part(place, place, keys), scratch))
    kind = _kind(path, parts)
    select: str | None
    if kind == ".parquet":
        select, row_count = read_parquet(connection, path, parts)
    elif kind == ".json" and holds_documents(table):
        return _documents(connection, parts, scratch)
    else:
        select, row_count = _texts(connection, path, table, kind, parts, scratch)
    return Relation(select, row_count, _folders(scratch))


def _kind(path: Path, parts: Sequence[Part]) -> str:
    """Return the form of the parts, by the suffix of one of its names."""
    kinds = {_kind_of(part): part.path for part in parts}
    if len(kinds) > 1:
        one, other, *_ = kinds.values()
        raise UserError(
            f"{path} holds files of several forms, {one.name} and {other.name}; leave one form"
        )
    return next(iter(kinds))


def _kind_of(part: Part) -> str:
    suffix = "." + (suffix_of(part.place.name) or "").split(".")[1]
    return DELIMITED[0] if suffix in DELIMITED else JSON[0] if suffix in JSON else suffix


def _texts(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    kind: str,
    parts: Sequence[Part],
    scratch: Scratch,
) -> tuple[str | None, int]:
    """Return the SELECT of parts whose values are texts, and the number of its rows."""
    readings: dict[Reading, list[Path]] = {}
    row_count = 0
    for part in parts:
        if kind == ".xlsx":
            read_ = read_workbook(connection, part, table, scratch)
        elif kind == ".json":
            read_ = read_json(connection, part, scratch, is_alone=len(parts) == 1)
        else:
            read_ = read_delimited(connection, part, scratch)
        if read_ is not None:
            reading, place, records = read_
            readings.setdefault(reading, []).append(place)
            row_count += records
    if readings:
        return united(readings), row_count
    if kind == ".json":
        return None, 0
    raise UserError(f"{path} has no columns; its first line must name them")


def _documents(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], scratch: Scratch
) -> Relation:
    """Return the documents of all parts, numbered through."""
    selects, row_count, folders = [], 0, []
    for part in parts:
        with naming(part.path):
            plain = unpacked(part, scratch, wholly=True)
            # Bytes that are no UTF-8 break only their record.
            with suppress(UserError):
                plain = in_utf8(plain, scratch)
            documents = read_documents(connection, plain.place, part.path)
        if documents.warning is not None:
            say(f"warning: {documents.warning}")
        selects.append(
            f"select * replace (record_number + {row_count} as record_number)"
            f" from ({documents.select})"
            if row_count
            else documents.select
        )
        row_count += documents.row_count
        folders.append(documents.folder)
    return Relation(" union all ".join(selects), row_count, (*folders, *_folders(scratch)))


def _folders(scratch: Scratch) -> "tuple[TemporaryDirectory[str], ...]":
    return () if scratch.folder is None else (scratch.folder,)
