"""Raw tables for servers: the column types that every engine has, and the casts to them.

DuckDB reads all files. What it knows and others do not comes as the next wider type, or as text.
"""

from dataclasses import dataclass

import duckdb

from customer_health.sql import identifier

# Types that Postgres and Spark have as well, in DuckDB's words; decimals with their digits too.
SHARED = {
    "VARCHAR",
    "BOOLEAN",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
}
WIDENED = {
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    # The widest decimal: larger numbers stop the load, as no engine could count with them.
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
}

# Reading a file needs no more; the rest is for the server, which may be on the same machine.
MEMORY_LIMIT = "1GB"


@dataclass(frozen=True)
class Column:
    """A column and its type, one of those that all engines have."""

    name: str
    type: str


def reader() -> duckdb.DuckDBPyConnection:
    """Return a connection that reads files in bounded memory and writes times in UTC."""
    connection = duckdb.connect()
    connection.execute(
        f"set TimeZone = 'UTC'; set preserve_insertion_order = false;"
        f" set memory_limit = '{MEMORY_LIMIT}'"
    )
    return connection


def columns(connection: duckdb.DuckDBPyConnection, select: str) -> list[Column]:
    """Return the columns of a SELECT with the types that they have on a server."""
    return [
        Column(name, _shared(type_))
        for name, type_, *_ in connection.execute(f"describe {select}").fetchall()
    ]


def cast(select: str, columns: list[Column]) -> str:
    """Return the SELECT with its columns cast to the given types."""
    casts = (
        f"cast({identifier(column.name)} as {column.type}) as {identifier(column.name)}"
        for column in columns
    )
    return f"select {', '.join(casts)} from ({select})"


def _shared(type_: str) -> str:
    if type_ in SHARED or (type_.startswith("DECIMAL(") and type_.endswith(")")):
        return type_
    return WIDENED.get(type_, "VARCHAR")
