"""DuckDB: raw tables are views over their files, dbt builds in the work file, a copy is published.

Only what DuckDB cannot read in place is copied into `raw`. Whoever builds holds a lock beside the
work file, so that two builds at once never happen.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from customer_health import settings
from customer_health.engines import CAREFULLY, Published, Publishing
from customer_health.errors import UserError, first_line
from customer_health.history import (
    DROPPED,
    Dates,
    attach_export,
    drop,
    export,
    forget_drops,
    stored_dates,
    take_over,
)
from customer_health.load import MARK, LoadedTable, RawTable, of_sources, planned, without_foreign
from customer_health.lock import held
from customer_health.portable import MEMORY_LIMIT, reader
from customer_health.progress import say
from customer_health.project import built_relations
from customer_health.publish import publish
from customer_health.schemas import QUALITY, RAW
from customer_health.sql import identifier, literal, qualified

# What DuckDB says of a file of its own that it cannot read.
CORRUPT = re.compile(
    "Corrupt database file|not a valid DuckDB database file|Could not read enough bytes from file"
)

# Names of the two files while the summary reads them, and of exported ones.
PUBLISHED, WORK, EXPORTED = "published", "work", "exported"


class DuckDB:
    """The engine of files: the work file and the published one."""

    def __init__(self) -> None:
        self._work_file = settings.work_file()
        self._published_file = settings.published_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the work file: DuckDB's own ends between the phases of a build."""
        with held(self._work_file):
            yield

    def load(self, folder: Path, project: Path) -> list[LoadedTable]:
        """Make the schema `raw` of the work file show the files of `folder`, all or none.

        Tables of an earlier load whose file is gone are dropped, or become empty if the project
        knows them.
        """
        # Before anything is created: the folder may be none.
        with reader() as connection:
            tables = planned(connection, folder, project)
        self._work_file.parent.mkdir(parents=True, exist_ok=True)
        with _opened(self._work_file, self._published_file) as connection:
            # It holds the raw data, and what was rejected of them.
            self._work_file.chmod(0o600)
            connection.begin()
            connection.execute(f"create schema if not exists {RAW}")
            tables = without_foreign(tables, _drop_own(connection))
            for table in tables:
                _show(connection, table)
            connection.commit()
        return of_sources(LoadedTable(table.name, table.row_count, table.path) for table in tables)

    def prepare(self) -> dict[str, str]:
        """Return where both files are: dbt may count relative paths from the project.

        It takes the dates of the history that the work file lacks over from the published one.
        """
        return {
            "CUSTOMER_HEALTH_WORK": str(self._work_file.absolute()),
            "CUSTOMER_HEALTH_PUBLISHED": str(self._published_file.absolute()),
        }

    def restore_history(self) -> None:
        """Take over what the published history has and the work file has not, without dbt."""
        if not self._published_file.is_file() or not self._work_file.is_file():
            return
        with self._history(WORK, PUBLISHED) as connection:
            taken = take_over(connection, PUBLISHED, WORK)
        self._tell(taken, self._published_file)

    def stored_dates(self) -> Dates:
        """Return the dates of each table of the published history. Raises UserError without it."""
        with self._history(PUBLISHED) as connection:
            return stored_dates(connection, PUBLISHED)

    def export_history(self, folder: Path) -> list[Path]:
        """Write the published history to `folder`; return the files.

        Raises UserError if nothing is published.
        """
        with self._history(PUBLISHED) as connection:
            return export(connection, PUBLISHED, folder)

    def import_history(self, folder: Path, known: Collection[str]) -> None:
        """Take over what exported files have and the work file has not, dropped dates as well.

        Raises UserError if a file is none of the tables that are `known`.
        """
        self._work_file.parent.mkdir(parents=True, exist_ok=True)
        with self._history(WORK) as connection:
            attach_export(connection, folder, known, EXPORTED)
            forget_drops(connection, WORK, stored_dates(connection, EXPORTED))
            taken = take_over(connection, EXPORTED, WORK)
        self._work_file.chmod(0o600)
        self._tell(taken, folder)

    def drop_history(self, date: str) -> list[Path]:
        """Drop a date from the work file; return the files that keep a copy of its rows.

        The next publish drops it from the published file. Raises UserError if it is not stored.
        """
        if not self._work_file.is_file():
            raise UserError(f"there is no work file {self._work_file}; build first")
        with self._history(WORK) as connection:
            copies = export(connection, WORK, self._copies, date)
            if not copies:
                raise UserError(f"{self._work_file} has nothing stored of {date}")
            self._make_private()
            drop(connection, WORK, date)
        return copies

    @contextmanager
    def _history(self, *files: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Attach the work file, to be written, or the published one, which must be there."""
        with duckdb.connect() as connection:
            connection.execute(f"set memory_limit = {literal(MEMORY_LIMIT)}")
            if WORK in files:
                connection.execute(f"attach {literal(str(self._work_file))} as {WORK}")
            if PUBLISHED in files:
                if not self._published_file.is_file():
                    raise UserError(f"there is no published file {self._published_file}")
                published = literal(str(self._published_file))
                connection.execute(f"attach {published} as {PUBLISHED} (read_only)")
            yield connection

    def _tell(self, taken: Dates, source: Path) -> None:
        """Say which dates were taken over, if any."""
        if taken:
            dates = sorted(set().union(*taken.values()))
            say(
                f"{self._work_file} had no history of scores for {len(dates):,} of the stored dates"
                f" ({dates[0]} to {dates[-1]}); it is taken over from {source}."
            )

    def let_go(self) -> None:
        """Close the work file, which else stays open, and locked, as long as this process lives."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        DuckDBConnectionManager.close_all_connections()
        self._make_private()

    @property
    def _copies(self) -> Path:
        """Where `history drop`, and retention in dbt, keep the rows that they drop."""
        return self._work_file.parent / DROPPED

    def _make_private(self) -> None:
        """Keep what was dropped from other users: dbt cannot say who may read the files."""
        for path in self._copies.glob("*.parquet"):
            path.chmod(0o600)

    def has_built(self) -> bool:
        """Whether there is a work file or a published one."""
        return self._work_file.exists() or self._published_file.exists()

    def publish(self, project: Path, publishing: Publishing = CAREFULLY) -> Published:
        """Put a copy of the marts in the place of the published file."""
        built = built_relations(project)
        return publish(self._work_file, self._published_file, built, publishing)

    def tables(self, layer: str) -> set[str]:
        """Return the names of the tables and views: marts as published, the rest as built."""
        database, schema = self.schema(layer).split(".")
        names = self.query(
            "select table_name from information_schema.tables where table_catalog ="
            f" {literal(database)} and table_schema = {literal(schema)}"
        )
        return {name for (name,) in names}

    def schema(self, layer: str) -> str:
        """Return the schema with the name that its file has in `query`."""
        return f"{WORK if layer == QUALITY else PUBLISHED}.{layer}"

    def query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query over both files."""
        with duckdb.connect() as connection:
            for path, name in ((self._published_file, PUBLISHED), (self._work_file, WORK)):
                connection.execute(f"attach {literal(str(path))} as {identifier(name)} (read_only)")
            return connection.execute(sql).fetchall()

    def places(self) -> list[str]:
        """Return the lines of the two files."""
        return [f"Work file     {self._work_file}", f"Published     {self._published_file}"]


@contextmanager
def _opened(work_file: Path, published_file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the work file for writing. Raises UserError with advice if it is corrupt."""
    try:
        with duckdb.connect(work_file) as connection:
            connection.execute(f"set memory_limit = {literal(MEMORY_LIMIT)}")
            yield connection
    except duckdb.Error as error:
        if not CORRUPT.search(str(error)):
            raise
        history = f"the history of scores is taken over from {published_file}"
        if not published_file.is_file():
            history = f"with it goes its history of scores, as there is no {published_file}"
        raise UserError(
            f"the work file {work_file} is corrupt ({first_line(error)}); move it away and build"
            f" again: {history}"
        ) from error


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
        {"schema": RAW},
    ).fetchall()
    foreign = set()
    for kind, name, comment in relations:
        if comment == MARK:
            connection.execute(f"drop {kind} {qualified(RAW, name)}")
        else:
            foreign.add(name.lower())
    return foreign


def _show(connection: duckdb.DuckDBPyConnection, table: RawTable) -> None:
    """Create the view over a file, or the table of documents or of no rows."""
    kind = "view" if table.is_view else "table"
    name = qualified(RAW, table.name)
    # Documents are long texts alike: nothing else is so small, nor written so fast.
    connection.execute("set force_compression = 'zstd'")
    connection.execute(f"create {kind} {name} as {table.select}")
    connection.execute("set force_compression = 'auto'")
    connection.execute(f"comment on {kind} {name} is {literal(MARK)}")
