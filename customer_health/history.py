"""The history of scores in DuckDB files: what cannot be recomputed is never lost on the way.

Its tables are partitioned by `as_of_date`. What was dropped, by retention or by the user, stands in
`history.dropped_dates`; any other date that a published file has, its next one has too.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from customer_health.errors import UserError
from customer_health.files import replacing
from customer_health.schemas import HISTORY
from customer_health.sql import identifier, literal, qualified

DATE = "as_of_date"
# The table and the date of each slice that the macro drop_old_slices, or `drop` below, has dropped,
# until it is stored again.
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


def export(
    connection: duckdb.DuckDBPyConnection, database: str, folder: Path, date: str | None = None
) -> list[Path]:
    """Write each table of the history of an attached file to `folder`; return the files.

    With `date` only its rows, for the tables that have some, to files with the date in their names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for table, dates in stored_dates(connection, database).items():
        if date is not None and date not in dates:
            continue
        rows = f"from {qualified(database, HISTORY, table)}"
        rows += "" if date is None else f" where {DATE} = date {literal(date)}"
        files.append(folder / f"{table}{'' if date is None else f'.{date}'}.parquet")
        with replacing(files[-1]) as unfinished:
            connection.execute(f"copy ({rows}) to {literal(str(unfinished))} (format parquet)")
    return files


def attach_export(
    connection: duckdb.DuckDBPyConnection, folder: Path, known: Collection[str], name: str
) -> None:
    """Attach the files of `export` as a database of their own, those of one date as well.

    `known` are the tables that the history may have. Raises UserError for any other file.
    """
    files: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.parquet")):
        table = path.name.split(".")[0]
        if table not in known:
            raise UserError(
                f"{path} is none of the tables of the history ({', '.join(sorted(known))});"
                " remove it"
            )
        files.setdefault(table, []).append(literal(str(path)))
    if not files:
        raise UserError(f"{folder} holds no .parquet file of `customer-health history export`")
    connection.execute(f"attach ':memory:' as {identifier(name)}")
    connection.execute(f"create schema {identifier(name)}.{HISTORY}")
    for table, paths in files.items():
        view = qualified(name, HISTORY, table)
        listed = f"[{', '.join(paths)}]"
        connection.execute(
            f"create view {view} as from read_parquet({listed}, union_by_name = true)"
        )
        if DATE not in {column for column, *_ in _columns(connection, view)}:
            raise UserError(f"{', '.join(paths)} has no column {DATE}, so it is no history")


def drop(connection: duckdb.DuckDBPyConnection, database: str, date: str) -> None:
    """Drop the rows of a date from an attached file, and note it, so that no publish misses it."""
    notes = qualified(database, HISTORY, DROPPED)
    tables = [name for name, days in stored_dates(connection, database).items() if date in days]
    connection.begin()
    connection.execute(f"create table if not exists {notes} (table_name varchar, {DATE} date)")
    for table in tables:
        connection.execute(
            f"delete from {qualified(database, HISTORY, table)} where {DATE} = date {literal(date)}"
        )
        connection.execute(f"insert into {notes} values ({literal(table)}, {literal(date)})")
    connection.commit()


def forget_drops(connection: duckdb.DuckDBPyConnection, database: str, dates: Dates) -> None:
    """Strike dates off the notes of what was dropped: whoever imports them wants them back."""
    if DROPPED not in _tables(connection, database):
        return
    for table, days in dates.items():
        listed = ", ".join(f"date {literal(day)}" for day in days)
        connection.execute(
            f"delete from {qualified(database, HISTORY, DROPPED)}"
            f" where table_name = {literal(table)} and {DATE} in ({listed})"
        )


def _tables(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    found = connection.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = $database and table_schema = $schema",
        {"database": database, "schema": HISTORY},
    )
    return {name for (name,) in found.fetchall()}


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, ...]]:
    return connection.execute(f"describe {table}").fetchall()
