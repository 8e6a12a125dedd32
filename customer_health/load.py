"""What a load brings into the schema `raw`: the files of a folder, as an ELT tool would leave them.

The plan is the same on every engine. Source tables that the dbt project knows and the folder lacks
become empty typed tables, so that every subject builds. Tables that something else made are left
alone, and never replaced.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from customer_health.documents import is_document_file, read_documents
from customer_health.errors import UserError
from customer_health.progress import say
from customer_health.project import source_tables
from customer_health.readers import read, table_files
from customer_health.schemas import RAW
from customer_health.sql import identifier

# The comment by which a later load knows what it may replace.
MARK = "Made by customer-health load"


@dataclass(frozen=True)
class RawTable:
    """A table to be: DuckDB's SELECT that gives its rows, and its file (None if there is none).

    `row_count` is None if nobody counted. `is_empty` says that only the project's sources tell its
    columns, because there is no file or no record in it. `folder` holds files that only live until
    the table is made, so that a view will not do; None if the SELECT reads the file itself.
    """

    name: str
    select: str
    row_count: int | None
    path: Path | None
    is_empty: bool = False
    folder: "TemporaryDirectory[str] | None" = None

    @property
    def is_view(self) -> bool:
        """Whether its rows can be read from its file whenever they are wanted."""
        return not self.is_empty and self.folder is None


@dataclass(frozen=True)
class LoadedTable:
    """One table of the schema raw: its rows (None if not counted) and its file (None if empty)."""

    name: str
    row_count: int | None
    path: Path | None

    @property
    def line(self) -> str:
        """The line that tells of the table."""
        rows = "not counted" if self.row_count is None else f"{self.row_count:,} rows"
        return f"{RAW}.{self.name}  {rows}  {self.path or 'no file, made empty'}"


def planned(connection: duckdb.DuckDBPyConnection, folder: Path, project: Path) -> list[RawTable]:
    """Return the tables for the files of `folder` and for the absent sources of the project.

    `connection` reads the files. Raises UserError if there are none, two for one table, or a broken
    one.
    """
    files = _one_for_each(table_files(folder), folder)
    known = source_tables(project)
    tables = [_of_file(connection, name, path, known.get(name)) for name, path in files.items()]
    tables += [
        RawTable(name, _no_rows(name, known[name]), 0, None, is_empty=True)
        for name in known.keys() - files.keys()
    ]
    return sorted(tables, key=lambda table: table.name)


def without_foreign(tables: Iterable[RawTable], foreign: Collection[str]) -> list[RawTable]:
    """Return the tables to make, given the names in `raw` that something else made.

    An absent source that is there already is left out; a file that would replace one is refused.
    """
    chosen = [table for table in tables if table.path is not None or table.name not in foreign]
    for table in chosen:
        if table.name in foreign:
            raise UserError(
                f"{RAW}.{table.name} is there already and was not made by `customer-health load`;"
                f" drop it or remove {table.path}"
            )
    return chosen


def _one_for_each(found: Mapping[str, list[Path]], folder: Path) -> dict[str, Path]:
    """Return the one file of each table; raise UserError if there are two or none at all."""
    if not found:
        state = "holds no table files" if folder.is_dir() else "does not exist"
        raise UserError(
            f"the folder {folder} {state}; put <table>.csv, .parquet or .json there,"
            " or make demo data with `customer-health demo`"
        )
    for name, paths in found.items():
        if len(paths) > 1:
            both = " and ".join(str(path) for path in paths[:2])
            raise UserError(f"{both} are both the table {name}; remove one of them")
    return {name: paths[0] for name, paths in found.items()}


def _of_file(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    path: Path,
    columns: Mapping[str, str] | None,
) -> RawTable:
    if is_document_file(name, path):
        documents = read_documents(connection, path)
        if documents.warning is not None:
            say(f"warning: {documents.warning}")
        return RawTable(name, documents.select, documents.row_count, path, folder=documents.folder)
    relation = read(connection, path)
    if relation.select is not None:
        return RawTable(name, relation.select, relation.row_count, path)
    if columns is None:
        raise UserError(f"{path} holds no records, so its columns are unknown; remove it")
    return RawTable(name, _no_rows(name, columns), 0, path, is_empty=True)


def _no_rows(name: str, columns: Mapping[str, str]) -> str:
    """Return the SELECT of an empty table with the given columns and their types."""
    if not columns:
        raise UserError(f"the source table {name} has no columns in the project; list them there")
    typed = (f"cast(null as {type_}) as {identifier(column)}" for column, type_ in columns.items())
    return f"select {', '.join(typed)} where false"
