"""Fill the schema `raw` of a Spark catalog from parquet files that DuckDB writes.

Driver and workers read these files, so their folder (CUSTOMER_HEALTH_SPARK_STAGE) must be one that
all of them see under the same path. The files are removed as soon as their table is made.
"""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from customer_health import settings
from customer_health.engines.spark.session import Session, name, text
from customer_health.files import is_alive
from customer_health.load import MARK, LoadedTable, RawTable, of_sources, planned, without_foreign
from customer_health.portable import Column, cast, columns, reader
from customer_health.progress import reported
from customer_health.raw.broken import unreadable
from customer_health.schemas import RAW
from customer_health.sql import identifier, literal

# A table that is not complete yet.
LOADING = "__loading"

# Several files, so that several workers read them.
FILE_BYTES = "128MB"

TYPES = {
    "VARCHAR": "string",
    "FLOAT": "float",
    # Spark's timestamp is a moment, shown in the session's zone, which dbt's profile sets to UTC.
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
}


def load(session: Session, folder: Path, project: Path) -> list[LoadedTable]:
    """Make tables of the files of `folder` in the schema `raw`.

    No table changes before all files are read. Then one takes its place after the other.
    """
    loaded = []
    with reader() as connection:
        tables = planned(connection, folder, project)
        if RAW not in session.schemas():
            session.execute(f"create schema {RAW}")
        relations = session.relations(RAW)
        own = {table for table, told in relations.items() if f"\nComment: {MARK}\n" in told}
        tables = without_foreign(tables, relations.keys() - own)
        with _stage() as stage:
            for table in tables:
                rows = _read(session, connection, table, stage / table.name)
                loaded.append(LoadedTable(table.name, rows, table.path))
    for table in tables:
        session.execute(
            f"drop table if exists {name(RAW, table.name)}",
            f"alter table {name(RAW, table.name + LOADING)} rename to {name(RAW, table.name)}",
        )
    kept = {table.name for table in tables}
    kept |= {table + LOADING for table in kept}
    for gone in sorted(own - kept):
        session.execute(f"drop table {name(RAW, gone)}")
    return of_sources(loaded)


@contextmanager
def _stage() -> Iterator[Path]:
    """Yield an empty folder of our own, and remove it at the end, as those of dead processes."""
    parent = settings.spark_stage().absolute()
    prefix = f"load_{socket.gethostname()}_"
    for leftover in parent.glob(f"{prefix}*"):
        process = leftover.name.removeprefix(prefix)
        if process == str(os.getpid()) or (process.isdigit() and not is_alive(int(process))):
            shutil.rmtree(leftover)
    folder = parent / f"{prefix}{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _read(
    session: Session, connection: duckdb.DuckDBPyConnection, table: RawTable, folder: Path
) -> int:
    """Make the table under a name for the meantime; return the number of its rows."""
    read = columns(connection, table.select)
    typed = ", ".join(f"{name(column.name)} {_type(column)}" for column in read)
    new = name(RAW, table.name + LOADING)
    session.execute(
        f"drop table if exists {new}",
        f"create table {new} ({typed}) using parquet comment {text(MARK)}",
    )
    rows = _write(connection, table, read, folder)
    if rows:
        names = ", ".join(name(column.name) for column in read)
        session.execute(f"insert into {new} select {names} from parquet.{name(f'file:{folder}')}")
    shutil.rmtree(folder, ignore_errors=True)
    return rows


def _write(
    connection: duckdb.DuckDBPyConnection, table: RawTable, read: list[Column], folder: Path
) -> int:
    """Write the rows as parquet files into a new folder; return their number."""
    moments = ", ".join(
        f"{identifier(column.name)} at time zone 'UTC' as {identifier(column.name)}"
        for column in read
        if column.type == "TIMESTAMP"
    )
    replaced = f" replace ({moments})" if moments else ""
    try:
        with reported(connection, f"staging {RAW}.{table.name}"):
            [(rows,)] = connection.execute(
                f"copy (select *{replaced} from ({cast(table.select, read)}))"
                f" to {literal(str(folder))} (format parquet, file_size_bytes '{FILE_BYTES}')"
            ).fetchall()
    except duckdb.Error as error:
        raise unreadable(table.path, error) from error
    return rows


def _type(column: Column) -> str:
    """Return the type of a column in Spark."""
    return TYPES.get(column.type, column.type.lower())
