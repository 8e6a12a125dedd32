"""Rows from DuckDB into Postgres through a pipe: bounded memory, nothing in between on disk."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import duckdb

from customer_health.progress import reported
from customer_health.sql import literal

# Every value is quoted, so that an empty text differs from NULL, which is the empty unquoted one.
CSV = "format csv, header false, delim ',', quote '\"', escape '\"', force_quote *, nullstr ''"

CHUNK_BYTES = 1 << 18


def copy(
    connection: duckdb.DuckDBPyConnection, select: str, cursor: Any, table: str, task: str
) -> int:
    """Append the rows of DuckDB's SELECT to a table of Postgres; return their number.

    `cursor` is psycopg2's, `table` the table as SQL names it, `task` what a progress report says.
    Raises duckdb.Error if the rows cannot be read, psycopg2.Error if they cannot be stored.
    """
    failures: list[duckdb.Error] = []
    try:
        with _written(connection, select, task, failures) as rows:
            cursor.copy_expert(
                f"copy {table} from stdin (format csv, null '', encoding 'UTF8')", rows, CHUNK_BYTES
            )
    finally:
        # Rows that end early make Postgres complain about the last one: the cause is DuckDB's.
        # A pipe that breaks under DuckDB has its cause in Postgres.
        if failures and "Broken pipe" not in str(failures[0]):
            raise failures[0]
    return cursor.rowcount


@contextmanager
def _written(
    connection: duckdb.DuckDBPyConnection, select: str, task: str, failures: list[duckdb.Error]
) -> Iterator[IO[bytes]]:
    """Yield the end of a pipe from which to read the rows that DuckDB writes as CSV meanwhile.

    When the reader is gone, waits until DuckDB is done and adds its error, if any, to `failures`.
    """
    with tempfile.TemporaryDirectory(prefix="customer_health_") as folder:
        pipe = Path(folder) / "rows.csv"
        os.mkfifo(pipe, 0o600)
        reading_end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        # A second writer keeps the pipe open until DuckDB is done, even if it never opens it.
        holder = os.open(pipe, os.O_WRONLY)
        os.set_blocking(reading_end, True)

        def write() -> None:
            try:
                with reported(connection, task):
                    connection.execute(
                        f"copy ({select}) to {literal(str(pipe))} ({CSV}, use_tmp_file false)"
                    )
            except duckdb.Error as error:
                failures.append(error)
            finally:
                os.close(holder)

        writer = threading.Thread(target=write)
        with os.fdopen(reading_end, "rb", buffering=0) as rows:
            writer.start()
            try:
                yield rows
            finally:
                # Without a reader DuckDB's next write fails, so it ends.
                rows.close()
                writer.join()
