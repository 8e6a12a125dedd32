"""The history of scores in DuckDB files: what cannot be recomputed is never lost on the way.

Its tables are partitioned by `as_of_date`. What retention drops stands in `history.dropped_dates`;
any other date that a published file has, its next one has too.
"""

from collections.abc import Mapping

import duckdb

from customer_health.schemas import HISTORY
from customer_health.sql import identifier, literal, qualified

DATE = "as_of_date"
# Written by the macro drop_old_slices: the table and the date of each slice that it drops.
DROPPED = "dropped_dates"

# One table of the history to its dates, in order.
Dates = Mapping[str, list[str]]


def lost_dates(connection: duckdb.DuckDBPyConnection, old: str, new: str) -> Dates:
    """Return the dates of each table that the file attached as `old` has and `new` lacks.

    Those that retention dropped do not count.
    """
    present = _tables(connection, new)
    lost = {}
    for table in sorted(_tables(connection, old) - {DROPPED}):
        query = f"select distinct {DATE} from {qualified(old, HISTORY, table)}"
        if table in present:
            query += f" except select {DATE} from {qualified(new, HISTORY, table)}"
        if DROPPED in present:
            query += (
                f" except select {DATE} from {qualified(new, HISTORY, DROPPED)}"
                f" where table_name = {literal(table)}"
            )
        rows = connection.execute(f"select cast({DATE} as varchar) from ({query}) order by 1")
        if dates := [date for (date,) in rows.fetchall()]:
            lost[table] = dates
    return lost


def stored_dates(connection: duckdb.DuckDBPyConnection, database: str) -> Dates:
    """Return the dates of each table of the history of an attached file."""
    return {
        table: [
            date
            for (date,) in connection.execute(
                f"select distinct cast({DATE} as varchar)"
                f" from {qualified(database, HISTORY, table)} order by 1"
            ).fetchall()
        ]
        for table in sorted(_tables(connection, database) - {DROPPED})
    }


def take_over(connection: duckdb.DuckDBPyConnection, old: str, new: str) -> Dates:
    """Copy the dates that `new` has lost from `old`, in one transaction; return them."""
    lost = lost_dates(connection, old, new)
    present = _tables(connection, new)
    connection.begin()
    connection.execute(f"create schema if not exists {identifier(new)}.{HISTORY}")
    for table in sorted(_tables(connection, old) - present):
        source, target = qualified(old, HISTORY, table), qualified(new, HISTORY, table)
        connection.execute(f"create table {target} as from {source}")
    for table in sorted(lost.keys() & present):
        source, target = qualified(old, HISTORY, table), qualified(new, HISTORY, table)
        types = {name: type_ for name, type_, *_ in _columns(connection, source)}
        for name in types.keys() - {name for name, *_ in _columns(connection, target)}:
            connection.execute(f"alter table {target} add column {identifier(name)} {types[name]}")
        dates = ", ".join(f"date {literal(date)}" for date in lost[table])
        connection.execute(
            f"insert into {target} by name select * from {source} where {DATE} in ({dates})"
        )
    connection.commit()
    return lost


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    found = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = $database and schema_name = $schema",
        {"database": database, "schema": HISTORY},
    )
    return {name for (name,) in found.fetchall()}


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, ...]]:
    return connection.execute(f"describe {table}").fetchall()
