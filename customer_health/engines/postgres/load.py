"""Fill the schema `raw` of a Postgres database in one transaction."""

from pathlib import Path

import duckdb
import psycopg2
from psycopg2 import errors

from customer_health.engines.postgres.copy import copy
from customer_health.engines.postgres.quiet import alone_with
from customer_health.engines.postgres.session import SETS, Name, Session
from customer_health.errors import UserError, sentence
from customer_health.load import MARK, LoadedTable, RawTable, of_sources, planned, without_foreign
from customer_health.portable import Column, cast, columns, reader
from customer_health.raw.broken import unreadable
from customer_health.schemas import LAYERS, MARTS, RAW, in_set
from customer_health.sql import identifier, literal, qualified

# As Postgres itself writes them.
TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}

# Postgres cuts longer names off.
LONGEST_NAME_BYTES = 63

# Schemas of earlier builds whose views may go with the raw table that they read, since every build
# makes them anew. Published marts never read raw tables.
REPLACEABLE = {layer for layer in LAYERS if layer != MARTS} | {
    in_set(layer, name) for layer in LAYERS for name in SETS
}


def load(session: Session, folder: Path, project: Path) -> list[LoadedTable]:
    """Copy the files of `folder` into the schema `raw`, all of them or none.

    Tables of an earlier load are filled anew; those whose file is gone are dropped, or become empty
    if the project knows them. Nobody else reads them meanwhile.
    """
    with reader() as connection:
        tables = planned(connection, folder, project)
        if RAW not in session.schemas():
            session.create_schema(RAW)
        own, foreign = _own_and_foreign(session)
        tables = without_foreign(tables, foreign)
        in_use: list[Name] = [(RAW, name) for name in sorted(own)]
        read = {table.name: columns(connection, table.select) for table in tables}

        def clear() -> None:
            for name in sorted(own - read.keys()):
                _drop(session, name)
            for table in tables:
                _make_empty(session, table, read[table.name], table.name in own)

        aim = "nothing was loaded; run this again when it is done"
        with alone_with(session, in_use, clear, aim):
            return of_sources(
                [_fill(session, connection, table, read[table.name]) for table in tables]
            )


def _own_and_foreign(session: Session) -> tuple[set[str], set[str]]:
    """Return the names in `raw`: of tables made by an earlier load, and of all else."""
    comments = dict(
        session.rows(
            "select relname, obj_description(oid, 'pg_class') from pg_class"
            " where relnamespace = to_regnamespace(%s) and relkind = 'r'",
            RAW,
        )
    )
    own = {name for name, comment in comments.items() if comment == MARK}
    return own, session.relations(RAW).keys() - own


def _make_empty(session: Session, table: RawTable, read: list[Column], is_there: bool) -> None:
    """Make the table have the columns of its file, and no rows."""
    wanted = [(_name(table, column), _type(column)) for column in read]
    name = qualified(RAW, table.name)
    if is_there and _columns(session, name) == wanted:
        session.execute(f"truncate {name}")
    else:
        if is_there:
            _drop(session, table.name)
        typed = ", ".join(f"{identifier(column)} {type_}" for column, type_ in wanted)
        session.execute(f"create table {name} ({typed})")
        session.execute(f"comment on table {name} is {literal(MARK)}")


def _fill(
    session: Session,
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    read: list[Column],
) -> LoadedTable:
    """Copy the rows of its file into the table."""
    name = qualified(RAW, table.name)
    try:
        with session.cursor() as cursor:
            task = f"copying {RAW}.{table.name}"
            rows = copy(connection, cast(table.select, read), cursor, name, task)
    except duckdb.Error as error:
        raise unreadable(table.path, error) from error
    except psycopg2.DataError as error:
        raise _does_not_fit(table, error) from error
    session.execute(f"analyze {name}")
    return LoadedTable(table.name, rows, table.path)


def _columns(session: Session, name: str) -> list[tuple[str, str]]:
    """Return the columns of a table and their types, in order."""
    return session.rows(
        """
        select attname, format_type(atttypid, atttypmod)
        from pg_attribute
        where attrelid = %s::regclass and attnum > 0 and not attisdropped
        order by attnum
        """,
        name,
    )


def _drop(session: Session, name: str) -> None:
    """Drop a table of an earlier load with the views of earlier builds that read it."""
    for schema, view in session.readers([RAW], name):
        if schema not in REPLACEABLE:
            raise UserError(
                f"the view {schema}.{view} reads {RAW}.{name}, which has to be made anew because"
                " its columns have changed; drop the view, load, and make it again"
            )
    session.execute(f"drop table {qualified(RAW, name)} cascade")


def _name(table: RawTable, column: Column) -> str:
    """Return the name of a column in Postgres: in lower case, as unquoted names in queries are."""
    for name in (table.name, column.name):
        if len(name.encode()) > LONGEST_NAME_BYTES:
            raise UserError(
                f"{table.path or table.name} has the name {identifier(name)}, which is longer than"
                f" the {LONGEST_NAME_BYTES} bytes that Postgres takes; shorten it"
            )
    return column.name.lower()


def _type(column: Column) -> str:
    """Return the type of a column in Postgres."""
    return TYPES.get(column.type) or column.type.lower().replace("decimal", "numeric")


def _does_not_fit(table: RawTable, error: psycopg2.DataError) -> UserError:
    """Return the sentence for a value that Postgres refuses."""
    if isinstance(error, errors.CharacterNotInRepertoire) and "0x00" in str(error):
        row = (error.diag.context or "").partition("line ")[2].split(",")[0]
        return UserError(
            f"{table.path} has a NUL character in a text (row {row}), which Postgres cannot store;"
            " remove it"
        )
    return UserError(f"{table.path} does not fit into Postgres: {sentence(str(error))}")
