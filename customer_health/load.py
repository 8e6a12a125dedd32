"""What a load brings into the schema `raw`: the files of a folder, as an ELT tool would leave them.

The plan is the same on every engine. Source tables that the dbt project knows and the folder lacks
become empty typed tables, so that every subject builds. Tables that something else made are left
alone, and never replaced.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import duckdb

from customer_health.errors import UserError
from customer_health.files import sum_of
from customer_health.project import source_tables
from customer_health.raw.entries import DEMO_FILES, Entry, entries
from customer_health.readers import read
from customer_health.schemas import RAW
from customer_health.sql import identifier, literal

# Where dbt keeps the packages of a project.
PACKAGES = "dbt_packages"

# What a load says of itself: one row, which the mart build_info shows.
LOAD_INFO = "load_info"

# The comment by which a later load knows what it may replace.
MARK = "Made by customer-health load"


@dataclass(frozen=True)
class RawTable:
    """A table to be: DuckDB's SELECT that gives its rows, and its file (None if there is none).

    `is_empty` says that only the project's sources tell its columns, because there is no file or
    no record in it. `folders` hold files that only live until the table is made, so that a view
    will not do; there are none if the SELECT reads the file itself.
    """

    name: str
    select: str
    row_count: int
    path: Path | None
    is_empty: bool = False
    folders: "tuple[TemporaryDirectory[str], ...]" = ()

    @property
    def is_view(self) -> bool:
        """Whether its rows can be read from its file whenever they are wanted."""
        return not self.is_empty and not self.folders


@dataclass(frozen=True)
class LoadedTable:
    """One table of the schema raw: its rows and its file (None if it is absent)."""

    name: str
    row_count: int
    path: Path | None

    @property
    def line(self) -> str:
        """The line that tells of the table."""
        place = self.path or "no file, made empty (absent)"
        return f"{RAW}.{self.name}  {self.row_count:,} rows  {place}"


Table = TypeVar("Table", RawTable, LoadedTable)


def planned(connection: duckdb.DuckDBPyConnection, folder: Path, project: Path) -> list[RawTable]:
    """Return the tables for the files of `folder` and for the absent sources of the project.

    The last one is what the load says of itself, where the project has a source for it.
    `connection` reads the files. Raises UserError if there are none, two for one table, or a broken
    one.
    """
    known = source_tables(project)
    known.pop(LOAD_INFO, None)
    names = _names(project)
    files = _one_for_each(entries(folder, names), folder)
    if LOAD_INFO in files:
        raise UserError(
            f"{files[LOAD_INFO]} has the name of the table in which a load tells of itself; rename"
            " it or move it away"
        )
    tables = [_of_file(connection, name, path, known.get(name)) for name, path in files.items()]
    tables += [
        RawTable(name, _no_rows(name, known[name]), 0, None, is_empty=True)
        for name in known.keys() - files.keys()
    ]
    tables.sort(key=lambda table: table.name)
    return [*tables, _load_info(tables, folder)] if LOAD_INFO in names else tables


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


def of_sources(tables: Iterable[Table]) -> list[Table]:
    """Return the tables that come from files or stand for absent ones."""
    return [table for table in tables if table.name != LOAD_INFO]


def _load_info(tables: Iterable[RawTable], folder: Path) -> RawTable:
    """Return the table that says which tables are demo data, and how many rows each has."""
    files = [table for table in tables if table.path is not None]
    rows = {table.name: table.row_count for table in files}
    told = {
        "demo_tables": ", ".join(table.name for table in files if _is_demo(table.path, folder)),
        "source_rows": json.dumps(rows, sort_keys=True),
    }
    columns = (f"{literal(text)} as {identifier(column)}" for column, text in told.items())
    return RawTable(LOAD_INFO, f"select {', '.join(columns)}", 1, None)


def _is_demo(path: Path | None, folder: Path) -> bool:
    """Whether a file is as the demo wrote it, by the list that it left beside its files."""
    listed = folder / DEMO_FILES
    if path is None or not path.is_file() or not listed.is_file():
        return False
    try:
        sums = json.loads(listed.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(sums, dict) and sums.get(path.name) == sum_of(path)


def remarks(folder: Path, project: Path) -> list[str]:
    """Return the lines of what lies in the folder and is passed over, or read by no model."""
    return [entry.line for entry in entries(folder, _names(project)) if entry.remark]


def _names(project: Path) -> set[str]:
    """Return the source tables that the project and its packages know."""
    packages = sorted(project.glob(f"{PACKAGES}/*"))
    return {name for root in (project, *packages) for name in source_tables(root)}


def _one_for_each(found: Iterable[Entry], folder: Path) -> dict[str, Path]:
    """Return the one file of each table; raise UserError if there are two or none at all."""
    files: dict[str, Path] = {}
    others = []
    for entry in found:
        if entry.table is None:
            others.append(entry.path.name)
        elif entry.table in files:
            raise UserError(
                f"{files[entry.table]} and {entry.path} are both the table {entry.table}; remove"
                " one of them"
            )
        else:
            files[entry.table] = entry.path
    if not files:
        state = "is no folder" if folder.exists() else "does not exist"
        state = "holds no table files" if folder.is_dir() else state
        beside = f" but {', '.join(others[:3])}" if others else ""
        raise UserError(
            f"the folder {folder} {state}{beside}; put <table>.csv, .json, .parquet or .xlsx there,"
            " or make demo data with `customer-health demo`"
        )
    return files


def _of_file(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    path: Path,
    columns: Mapping[str, str] | None,
) -> RawTable:
    relation = read(connection, path, name)
    if relation.select is not None:
        return RawTable(name, relation.select, relation.row_count, path, folders=relation.folders)
    if columns is None:
        raise UserError(f"{path} holds no records, so its columns are unknown; remove it")
    return RawTable(name, _no_rows(name, columns), 0, path, is_empty=True)


def _no_rows(name: str, columns: Mapping[str, str]) -> str:
    """Return the SELECT of an empty table with the given columns and their types."""
    if not columns:
        raise UserError(f"the source table {name} has no columns in the project; list them there")
    typed = (f"cast(null as {type_}) as {identifier(column)}" for column, type_ in columns.items())
    return f"select {', '.join(typed)} where false"
