"""Bring a folder of files into the schema `raw` of the work file, as an ELT tool would leave them.

On DuckDB a raw table is a view over its file, so nothing is copied. Source tables that the dbt
project knows and the folder lacks become empty typed tables, so that every subject builds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from customer_health.errors import UserError
from customer_health.project import source_tables
from customer_health.readers import Relation, read, table_files
from customer_health.sql import identifier, literal, qualified

SCHEMA = "raw"

# The comment by which a later load knows what it may replace.
MARK = "Made by customer-health load"


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
        return f"{SCHEMA}.{self.name}  {rows}  {self.path or 'no file, made empty'}"


def load(folder: Path, work_file: Path, project: Path) -> list[LoadedTable]:
    """Make the schema `raw` of the work file show the files of `folder`, all of them or none.

    Tables of an earlier load whose file is gone are dropped, or become empty if the project knows
    them; tables that something else made are left alone. Returns the tables by name. Raises
    UserError if there are no files, two for one table, or a broken one; raw then stays as it was.
    """
    files = _one_for_each(table_files(folder), folder)
    known = source_tables(project)
    work_file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(work_file) as connection:
        relations = {name: read(connection, path) for name, path in files.items()}
        connection.begin()
        connection.execute(f"create schema if not exists {SCHEMA}")
        foreign = _drop_own(connection)
        _refuse_foreign(foreign & files.keys(), files)
        for name, relation in relations.items():
            _show(connection, name, relation, files[name], known.get(name))
        absent = sorted(known.keys() - files.keys() - foreign)
        for name in absent:
            _create_empty(connection, name, known[name])
        connection.commit()
    loaded = [LoadedTable(name, relations[name].row_count, files[name]) for name in relations]
    loaded += [LoadedTable(name, 0, None) for name in absent]
    return sorted(loaded, key=lambda table: table.name)


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


def _drop_own(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Drop what an earlier load made; return the names in `raw` that something else made."""
    relations = connection.execute(
        """
        select 'view', view_name, comment from duckdb_views()
        where database_name = current_database() and schema_name = $schema
        union all
        select 'table', table_name, comment from duckdb_tables()
        where database_name = current_database() and schema_name = $schema
        """,
        {"schema": SCHEMA},
    ).fetchall()
    foreign = set()
    for kind, name, comment in relations:
        if comment == MARK:
            connection.execute(f"drop {kind} {qualified(SCHEMA, name)}")
        else:
            foreign.add(name.lower())
    return foreign


def _refuse_foreign(names: set[str], files: Mapping[str, Path]) -> None:
    if names:
        name = min(names)
        raise UserError(
            f"{SCHEMA}.{name} is there already and was not made by `customer-health load`;"
            f" drop it or remove {files[name]}"
        )


def _show(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    relation: Relation,
    path: Path,
    columns: Mapping[str, str] | None,
) -> None:
    """Create the view over a file; for a file without records, the empty table."""
    if relation.select is None:
        if columns is None:
            raise UserError(f"{path} holds no records, so its columns are unknown; remove it")
        _create_empty(connection, name, columns)
        return
    target = qualified(SCHEMA, name)
    connection.execute(f"create view {target} as {relation.select}")
    connection.execute(f"comment on view {target} is {literal(MARK)}")


def _create_empty(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]
) -> None:
    if not columns:
        raise UserError(f"the source table {name} has no columns in the project; list them there")
    target = qualified(SCHEMA, name)
    typed = ", ".join(f"{identifier(column)} {type_}" for column, type_ in columns.items())
    connection.execute(f"create table {target} ({typed})")
    connection.execute(f"comment on table {target} is {literal(MARK)}")
