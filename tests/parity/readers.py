"""Read the relations of an engine: rows sorted by their key, values as plain Python.

Every reader sorts texts by their bytes and puts NULL first, so that the rows of several engines can
be merged without holding them. None reads a whole relation into memory.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb

# Rows that a client holds at a time.
BATCH_ROWS = 5_000

# DuckDB sorts on disk what does not fit.
DUCKDB_MEMORY = "1GB"

# What the engines call a type -> what it is called here. Decimals keep precision and scale.
TYPE_NAMES = {
    "varchar": "text",
    "character varying": "text",
    "string": "text",
    "int": "integer",
    "double precision": "double",
    "numeric": "decimal",
    "timestamp without time zone": "timestamp",
    "timestamp_ntz": "timestamp",
    "timestamp with time zone": "timestamp with time zone",
    "timestamptz": "timestamp with time zone",
}
PRECISION = re.compile(r"^(?P<name>[^(]+)(?P<precision>\(.*\))?(?P<rest>.*)$")

# The set of schemas that a published view of Spark reads.
SPARK_SET = re.compile(r"\bmarts__(?P<set>\w+)")


@dataclass(frozen=True)
class Column:
    """A column with its type, named as in TYPE_NAMES."""

    name: str
    type: str


class Reader(Protocol):
    """One engine's relations. `schema` is the plain name, such as marts."""

    engine: str

    def relations(self, schema: str) -> list[str]:
        """Return the names of the tables and views of a schema."""

    def columns(self, schema: str, relation: str) -> list[Column]:
        """Return the columns of a relation in their order."""

    def rows(
        self, schema: str, relation: str, columns: Sequence[str], key: Sequence[str]
    ) -> Iterator[tuple]:
        """Yield the rows sorted by `key`: texts by bytes, NULL first."""

    def close(self) -> None:
        """Give back the connection."""


def portable_type(data_type: str) -> str:
    """Return the common name of an engine's type: `numeric(9,6)` is `decimal(9,6)`."""
    parts = PRECISION.match(data_type.strip().lower())
    assert parts is not None, data_type
    name = f"{parts['name'].strip()}{parts['rest']}"
    name = TYPE_NAMES.get(name, name)
    # varchar(20) is text like any other; only the digits of a decimal are part of its type.
    precision = (parts["precision"] or "").replace(" ", "") if name == "decimal" else ""
    return name + precision


class DuckDbReader:
    """The published file for marts; the work file for the schemas that are not published."""

    def __init__(self, published: Path, work_file: Path | None = None, engine: str = "duckdb"):
        self.engine = engine
        self._published = duckdb.connect(str(published), read_only=True)
        self._work = self._published
        if work_file is not None:
            self._work = duckdb.connect(str(work_file), read_only=True)
        for connection in (self._published, self._work):
            connection.execute(f"set memory_limit = '{DUCKDB_MEMORY}'")

    def relations(self, schema: str) -> list[str]:
        cursor = self._cursor(schema).execute(
            "select table_name from information_schema.tables"
            " where table_catalog = current_database() and table_schema = ?",
            [schema],
        )
        return [name for (name,) in cursor.fetchall()]

    def columns(self, schema: str, relation: str) -> list[Column]:
        cursor = self._cursor(schema).execute(
            "select column_name, data_type from information_schema.columns"
            " where table_catalog = current_database() and table_schema = ? and table_name = ?"
            " order by ordinal_position",
            [schema, relation],
        )
        return [Column(name, portable_type(data_type)) for name, data_type in cursor.fetchall()]

    def rows(
        self, schema: str, relation: str, columns: Sequence[str], key: Sequence[str]
    ) -> Iterator[tuple]:
        cursor = self._cursor(schema).execute(
            f"select {names(columns)} from {names([schema])}.{names([relation])}"
            f" order by {sort_order(names([column]) for column in key)}"
        )
        while batch := cursor.fetchmany(BATCH_ROWS):
            yield from batch

    def close(self) -> None:
        self._published.close()
        self._work.close()

    def _cursor(self, schema: str) -> duckdb.DuckDBPyConnection:
        return (self._published if schema == "marts" else self._work).cursor()


class PostgresReader:
    """A Postgres database, reached as PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE say."""

    def __init__(self, environment: Mapping[str, str], engine: str = "postgres"):
        import psycopg2

        self.engine = engine
        self._connection = psycopg2.connect(
            host=environment.get("PGHOST", "127.0.0.1"),
            port=environment.get("PGPORT", "5432"),
            user=environment.get("PGUSER", "customer_health"),
            password=environment.get("PGPASSWORD", ""),
            dbname=environment.get("PGDATABASE", "customer_health"),
        )

    def relations(self, schema: str) -> list[str]:
        statement = (
            "select class.relname from pg_class as class"
            " inner join pg_namespace as namespace on namespace.oid = class.relnamespace"
            " where namespace.nspname = %s and class.relkind in ('r', 'p', 'v', 'm')"
        )
        return [name for (name,) in self._fetch(statement, [schema])]

    def columns(self, schema: str, relation: str) -> list[Column]:
        statement = (
            "select attribute.attname, format_type(attribute.atttypid, attribute.atttypmod)"
            " from pg_attribute as attribute"
            " inner join pg_class as class on class.oid = attribute.attrelid"
            " inner join pg_namespace as namespace on namespace.oid = class.relnamespace"
            " where namespace.nspname = %s and class.relname = %s"
            " and attribute.attnum > 0 and not attribute.attisdropped"
            " order by attribute.attnum"
        )
        rows = self._fetch(statement, [schema, relation])
        return [Column(name, portable_type(data_type)) for name, data_type in rows]

    def rows(
        self, schema: str, relation: str, columns: Sequence[str], key: Sequence[str]
    ) -> Iterator[tuple]:
        texts = {column.name for column in self.columns(schema, relation) if column.type == "text"}
        # A database sorts texts by its language unless it is told otherwise.
        by_bytes = (names([name]) + (' collate "C"' if name in texts else "") for name in key)
        # Only a cursor with a name stays on the server.
        with self._connection.cursor("parity") as cursor:
            cursor.itersize = BATCH_ROWS
            cursor.execute(
                f"select {names(columns)} from {names([schema])}.{names([relation])}"
                f" order by {sort_order(by_bytes)}"
            )
            yield from cursor
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()

    def _fetch(self, statement: str, values: Sequence[str]) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
        self._connection.commit()
        return rows


class SparkReader:
    """A Spark thrift server, reached as CUSTOMER_HEALTH_SPARK_HOST, _PORT and _USER say."""

    def __init__(self, environment: Mapping[str, str], engine: str = "spark"):
        from pyhive import hive

        self.engine = engine
        self._connection = hive.connect(
            host=environment.get("CUSTOMER_HEALTH_SPARK_HOST", "127.0.0.1"),
            port=int(environment.get("CUSTOMER_HEALTH_SPARK_PORT", "10000")),
            username=environment.get("CUSTOMER_HEALTH_SPARK_USER", "customer_health"),
        )
        # Else the driver collects a whole result before it sends the first row.
        self._fetch("set spark.sql.thriftServer.incrementalCollect = true")
        self._fetch("set spark.sql.session.timeZone = UTC")

    def relations(self, schema: str) -> list[str]:
        rows = self._fetch(f"show tables in {self._schema(schema)}")
        return [name for _, name, is_temporary in rows if not is_temporary]

    def columns(self, schema: str, relation: str) -> list[Column]:
        columns = []
        for name, data_type, _ in self._fetch(f"describe {self._qualified(schema, relation)}"):
            # What follows the columns (partitions) begins with an empty line or a heading.
            if not name or name.startswith("#"):
                break
            columns.append(Column(name, portable_type(data_type)))
        return columns

    def rows(
        self, schema: str, relation: str, columns: Sequence[str], key: Sequence[str]
    ) -> Iterator[tuple]:
        types = {column.name: column.type for column in self.columns(schema, relation)}
        parsers = [(i, PARSERS[types[c]]) for i, c in enumerate(columns) if types[c] in PARSERS]
        cursor = self._connection.cursor(arraysize=BATCH_ROWS)
        cursor.execute(
            f"select {names(columns, '`')} from {self._qualified(schema, relation)}"
            f" order by {sort_order(names([column], '`') for column in key)}"
        )
        for row in cursor:
            yield parsed(row, parsers) if parsers else row
        cursor.close()

    def close(self) -> None:
        self._connection.close()

    def _qualified(self, schema: str, relation: str) -> str:
        return f"{self._schema(schema)}.{names([relation], '`')}"

    def _schema(self, schema: str) -> str:
        """Return the schema's real name: beside `marts` each is a set's, the one `marts` reads."""
        if schema == "marts":
            return schema
        [(_, first, _), *_] = self._fetch("show views in marts") or [("", None, False)]
        if first is None:
            return schema
        [(definition,)] = self._fetch(f"show create table marts.{names([first], '`')}")
        found = SPARK_SET.search(definition)
        return f"{schema}__{found['set']}" if found else schema

    def _fetch(self, statement: str) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def parsed(row: Sequence[Any], parsers: Sequence[tuple[int, Callable[[Any], Any]]]) -> tuple:
    """Return the row with the texts of some columns parsed."""
    values = list(row)
    for position, parse in parsers:
        values[position] = None if values[position] is None else parse(values[position])
    return tuple(values)


def _date(value: str | datetime.date) -> datetime.date:
    return datetime.date.fromisoformat(value) if isinstance(value, str) else value


def _timestamp(value: str | datetime.datetime) -> datetime.datetime:
    return datetime.datetime.fromisoformat(value) if isinstance(value, str) else value


# The thrift protocol brings dates as texts.
PARSERS = {"date": _date, "timestamp": _timestamp}


def names(columns: Iterable[str], quote: str = '"') -> str:
    """Return names as a quoted list for SQL."""
    return ", ".join(quote + name.replace(quote, quote * 2) + quote for name in columns)


def sort_order(expressions: Iterable[str]) -> str:
    """Return the expressions as an order that is the same on all engines."""
    return ", ".join(f"{expression} asc nulls first" for expression in expressions)


def is_number_without_value(value: Any) -> bool:
    """Whether a value is NaN."""
    return isinstance(value, (float, Decimal)) and value != value
