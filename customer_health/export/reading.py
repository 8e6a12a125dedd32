"""The published marts as a stream of rows: memory does not grow with the number of customers.

All queries of one export see the same build, also when another one is published meanwhile.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import duckdb

from customer_health import settings
from customer_health.engines import engine_for
from customer_health.errors import UserError, sentence
from customer_health.profile import Target
from customer_health.schemas import MARTS
from customer_health.sql import identifier, literal

# DuckDB sorts on disk what is beyond this.
MEMORY_LIMIT = "500MB"

# Rows in memory at a time, and rows that a server gives at a time where each page is a query.
BATCH = 2_000
PAGE = 50_000

DATABASE = "published"

NONE: Mapping[str, str] = {}


class Marts(Protocol):
    """The marts of one build. Queries write {marts}, {text} and {double} where engines differ."""

    def names(self) -> set[str]:
        """Return the names of the marts."""

    def rows(self, sql: str, **texts: str) -> Sequence[tuple[Any, ...]]:
        """Return all rows of a query with few rows; {name} stands for the text of that name."""

    def stream(self, sql: str, order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query in the order of its first columns, which `order` names.

        They are numbers without NULL, and no two rows agree in all of them.
        """


@contextmanager
def published(target: Target) -> Iterator[Marts]:
    """Open the published marts of a target. Raises UserError if there are none."""
    if target.engine == "duckdb":
        path = settings.published_file()
        if not path.is_file():
            raise UserError(
                f"there is no published file {path}; run `customer-health build` first, or set"
                " CUSTOMER_HEALTH_PUBLISHED"
            )
        with marts_of_file(path) as marts:
            yield marts
    elif target.engine == "postgres":
        with _marts_of_postgres(target) as marts:
            yield marts
    else:
        # A publish turns one view after the other, so the lock keeps it out.
        engine = engine_for(target)
        with engine.locked():
            yield PagedMarts(engine)


def require(marts: Marts, needed: Iterable[str]) -> None:
    """Raise UserError unless the marts are there."""
    missing = sorted(set(needed) - marts.names())
    if missing:
        raise UserError(
            f"the published marts lack {missing[0]}; build with customer_success among"
            " customer_health_subjects"
        )


@contextmanager
def marts_of_file(path: Path) -> Iterator[Marts]:
    """Open the marts of a DuckDB file, which is only read."""
    spill = tempfile.TemporaryDirectory(prefix="customer_health_")
    with spill as folder, duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '{MEMORY_LIMIT}'; set temp_directory = {literal(folder)};"
            " set preserve_insertion_order = false"
        )
        connection.execute(f"attach {literal(str(path))} as {identifier(DATABASE)} (read_only)")
        yield FileMarts(connection)


class FileMarts:
    """The marts of a DuckDB file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def names(self) -> set[str]:
        """Return the names of the marts."""
        found = self.rows(
            "select table_name from information_schema.tables"
            f" where table_catalog = {literal(DATABASE)} and table_schema = {literal(MARTS)}"
        )
        return {name for (name,) in found}

    def rows(self, sql: str, **texts: str) -> Sequence[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._connection.cursor().execute(self._written(sql, texts)).fetchall()

    def stream(self, sql: str, order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query in order; a cursor of its own lets two streams run at once."""
        cursor = self._connection.cursor()
        cursor.execute(f"{self._written(sql)} order by {', '.join(order)}")
        while batch := cursor.fetchmany(BATCH):
            yield from batch

    @staticmethod
    def _written(sql: str, texts: Mapping[str, str] = NONE) -> str:
        return sql.format(
            marts=f"{DATABASE}.{MARTS}", text="varchar", double="double", **_quoted(texts)
        )


@contextmanager
def _marts_of_postgres(target: Target) -> Iterator[Marts]:
    """Open the marts of Postgres in one transaction, which sees one build; no lock is needed."""
    import psycopg2

    from customer_health.engines.postgres.session import Session

    session = Session(target.credentials)
    session.open()
    try:
        session.execute("begin isolation level repeatable read read only")
        yield PostgresMarts(session)
    except psycopg2.Error as error:
        raise UserError(f"{session.database} says: {sentence(str(error))}") from error
    finally:
        session.close()


class PostgresMarts:
    """The marts of a Postgres database, by cursors of the server."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._cursors = 0

    def names(self) -> set[str]:
        """Return the names of the marts."""
        return set(self._session.relations(MARTS))

    def rows(self, sql: str, **texts: str) -> Sequence[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._session.rows(self._written(sql, texts))

    def stream(self, sql: str, order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query in order."""
        self._cursors += 1
        cursor = f"customer_health_{self._cursors}"
        self._session.execute(
            f"declare {cursor} no scroll cursor for {self._written(sql)} order by"
            f" {', '.join(order)}"
        )
        while batch := self._session.rows(f"fetch forward {BATCH} from {cursor}"):
            yield from batch
        self._session.execute(f"close {cursor}")

    @staticmethod
    def _written(sql: str, texts: Mapping[str, str] = NONE) -> str:
        return sql.format(marts=MARTS, text="text", double="double precision", **_quoted(texts))


class PagedMarts:
    """The marts of an engine that answers whole queries only: each page begins after the last."""

    def __init__(self, engine: Any, page: int = PAGE) -> None:
        self._engine = engine
        self._page = page

    def names(self) -> set[str]:
        """Return the names of the marts."""
        return self._engine.tables(MARTS)

    def rows(self, sql: str, **texts: str) -> Sequence[tuple[Any, ...]]:
        """Return all rows of a query."""
        return self._engine.query(self._written(sql, texts))

    def stream(self, sql: str, order: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query in order, page by page."""
        query = f"select * from ({self._written(sql)}) as pages"
        end = f"order by {', '.join(order)} limit {self._page}"
        batch = self._engine.query(f"{query} {end}")
        while batch:
            yield from batch
            if len(batch) < self._page:
                return
            batch = self._engine.query(f"{query} where {_after(order, batch[-1])} {end}")

    def _written(self, sql: str, texts: Mapping[str, str] = NONE) -> str:
        # Spark takes a backslash for the beginning of an escape.
        quoted = {
            name: "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
            for name, text in texts.items()
        }
        return sql.format(
            marts=self._engine.schema(MARTS), text="string", double="double", **quoted
        )


def _quoted(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: literal(text) for name, text in texts.items()}


def _after(order: Sequence[str], last: Sequence[Any]) -> str:
    """Return the condition of the rows that come after the last one."""
    condition = ""
    for column, value in reversed(list(zip(order, last, strict=False))):
        later = f"{column} > {value}"
        equal = f" or ({column} = {value} and {condition})" if condition else ""
        condition = f"({later}{equal})"
    return condition
