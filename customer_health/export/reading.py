"""The published marts as a stream of rows: memory does not grow with the number of customers.

All queries of one export see the same build, also when another one is published meanwhile.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Query:
    """A query over marts: column -> type, or its type and SQL, and what follows `from`.

    The first `keys` columns are numbers without NULL that tell all rows apart.
    """

    columns: Mapping[str, str | tuple[str, str]]
    source: str
    keys: int

    @property
    def sql(self) -> str:
        """The query, in which {marts}, {text} and {double} stand for what differs."""
        selected = ", ".join(
            f"cast({sql} as {type_}) as {name}" for name, (type_, sql) in self._pairs().items()
        )
        return f"select {selected} from {self.source}"

    @property
    def order(self) -> list[str]:
        """The names of the columns that tell the rows apart."""
        return list(self.columns)[: self.keys]

    def read_from(self, path: Path) -> str:
        """Return DuckDB's table function for a file of rows, each a JSON object."""
        types = ", ".join(
            f"{name}: {literal(type_.format(text='varchar', double='double'))}"
            for name, (type_, _) in self._pairs().items()
        )
        return (
            f"read_json({literal(str(path))}, format = 'newline_delimited', columns = {{{types}}})"
        )

    def _pairs(self) -> dict[str, tuple[str, str]]:
        return {
            name: (given, name) if isinstance(given, str) else given
            for name, given in self.columns.items()
        }


class Tables:
    """Relations of a DuckDB connection by name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str]) -> None:
        self._connection = connection
        self._relations = relations

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query over the relations; two streams can run at once."""
        cursor = self._connection.cursor()
        named = ", ".join(
            f"{name} as (select * from {relation})" for name, relation in self._relations.items()
        )
        cursor.execute(f"with {named} {sql}")
        while batch := cursor.fetchmany(BATCH):
            yield from batch


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

    def on_duckdb(self, queries: Mapping[str, Query]) -> AbstractContextManager[Tables]:
        """Give the rows of queries to DuckDB, by name."""


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
def _sorter() -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Open a connection of limited memory, and a folder for what is beyond it."""
    spill = tempfile.TemporaryDirectory(prefix="customer_health_")
    with spill as folder, duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '{MEMORY_LIMIT}'; set temp_directory = {literal(folder)};"
            " set preserve_insertion_order = false"
        )
        yield connection, Path(folder)


@contextmanager
def _copied(marts: Marts, queries: Mapping[str, Query]) -> Iterator[Tables]:
    """Give the rows of a server to DuckDB by way of files."""
    with _sorter() as (connection, folder):
        relations = {}
        for name, query in queries.items():
            path = folder / f"{name}.jsonl"
            with path.open("w", encoding="utf-8") as file:
                for row in marts.stream(query.sql, query.order):
                    cells = dict(zip(query.columns, row, strict=True))
                    file.write(json.dumps(cells, ensure_ascii=False, default=str) + "\n")
            relations[name] = query.read_from(path)
        yield Tables(connection, relations)


@contextmanager
def marts_of_file(path: Path) -> Iterator[Marts]:
    """Open the marts of a DuckDB file, which is only read."""
    with _sorter() as (connection, _):
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

    @contextmanager
    def on_duckdb(self, queries: Mapping[str, Query]) -> Iterator[Tables]:
        """Let the queries stand for themselves."""
        relations = {name: f"({self._written(query.sql)})" for name, query in queries.items()}
        yield Tables(self._connection, relations)

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

    def on_duckdb(self, queries: Mapping[str, Query]) -> AbstractContextManager[Tables]:
        """Copy the rows of the queries."""
        return _copied(self, queries)

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

    def on_duckdb(self, queries: Mapping[str, Query]) -> AbstractContextManager[Tables]:
        """Copy the rows of the queries."""
        return _copied(self, queries)

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
