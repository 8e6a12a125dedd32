"""DuckDB: copy the marts into a new file and put it in the place of the published one, in one step.

Readers open the published file only, so they never wait for a build and never see half of one: they
find the last good file until the new one is complete, checked and on disk.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from customer_health.engines import (
    CAREFULLY,
    GUARDED_MARTS,
    Published,
    Publishing,
    refuse_other_build,
    refuse_shrunken,
)
from customer_health.errors import UserError, first_line
from customer_health.files import replacing
from customer_health.history import lost_dates
from customer_health.progress import reported
from customer_health.schemas import BUILD_INFO, HISTORY, MARTS, PRIVATE
from customer_health.sql import identifier, literal, qualified

# The oldest storage format that current BI drivers read and our types need.
STORAGE_VERSION = "v1.4.0"

# A copy needs no more; without a limit DuckDB keeps in memory whatever it has read.
MEMORY_LIMIT = "1GB"

# Views over fewer rows than this are read through before the swap, larger ones only planned.
READ_THROUGH_BELOW_ROWS = 100_000

# Names of the files while they are open; no file can be called so by accident.
WORK, NEW, OLD = "work file", "new file", "old file"

Name = tuple[str, str]


@dataclass(frozen=True)
class Relation:
    """A table (`sql` is None) or a view of the work file with its comments."""

    name: Name
    sql: str | None
    comment: str | None
    column_comments: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return "table" if self.sql is None else "view"


def publish(
    work_file: Path,
    target: Path,
    built: Collection[Name] = (),
    publishing: Publishing = CAREFULLY,
) -> Published:
    """Put the marts of the work file, and whatever their views read, in the place of `target`.

    Tables keep their rows, views are made anew, both keep their comments; constraints are not
    copied. The work file is only read. Raises UserError if it is absent, lacks a relation that was
    `built`, has no marts or those of another build, a view that does not work on its own, fewer
    stored dates than `target`, or too few accounts; `target` then stays as it was, as it does on
    any error.
    """
    if not work_file.is_file():
        raise UserError(f"there is no work file {work_file}; run `customer-health build` first")
    if work_file.absolute() == target.absolute():
        raise UserError(
            f"{target} would be both the work file and the published file;"
            " set CUSTOMER_HEALTH_PUBLISHED to another path"
        )
    with replacing(target) as unfinished:
        with duckdb.connect() as connection:
            # Keeping the order of the rows would take twice the time, and tables have none.
            connection.execute(
                f"set memory_limit = {literal(MEMORY_LIMIT)}; set preserve_insertion_order = false"
            )
            _attach(connection, work_file, WORK, "read_only")
            relations = _in_order(connection, _relations(connection))
            if not relations:
                raise UserError(f"{work_file} has no marts; run `customer-health build` first")
            if missing := sorted(set(built) - _relations(connection).keys()):
                raise UserError(
                    f"{work_file} lacks {'.'.join(missing[0])}, so it is not what dbt built last;"
                    " nothing was published, run `customer-health build`"
                )
            if publishing.build:
                stamps = (
                    f"select invocation_id from {identifier(WORK)}.{qualified(MARTS, BUILD_INFO)}"
                )
                refuse_other_build(connection.execute(stamps).fetchall(), publishing)
            if target.is_file():
                _attach(connection, target, OLD, "read_only")
                _require_kept(connection, work_file, target, publishing)
                connection.execute(f"detach {identifier(OLD)}")
            _attach(connection, unfinished, NEW, f"storage_version {literal(STORAGE_VERSION)}")
            _copy(connection, relations)
            connection.execute(f"checkpoint {identifier(NEW)}")
        _check(unfinished, target.stem, relations)
        # What a writer may have left beside the old file would spoil the new one.
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
    kinds = [relation.kind for relation in relations]
    return Published(str(target), kinds.count("table"), kinds.count("view"))


def _require_kept(
    connection: duckdb.DuckDBPyConnection, work_file: Path, target: Path, publishing: Publishing
) -> None:
    """Raise UserError if the new file would lose stored dates, or most of the accounts."""
    if lost := lost_dates(connection, OLD, WORK):
        table, dates = next(iter(lost.items()))
        raise UserError(
            f"{work_file} lacks {len(dates)} dates of {HISTORY}.{table} that {target} has, the"
            f" first is {dates[0]}; nothing was published, build again, which takes them over"
        )
    refuse_shrunken(_guarded(connection, OLD), _guarded(connection, WORK), publishing)


def _guarded(connection: duckdb.DuckDBPyConnection, file: str) -> dict[str, int]:
    """Return the rows of the guarded marts that are in an attached file."""
    # A view names the tables of its file without the file.
    connection.execute(f"use {identifier(file)}")
    rows = {}
    present = connection.execute(
        "select table_name from information_schema.tables"
        " where table_catalog = $file and table_schema = $schema",
        {"file": file, "schema": MARTS},
    ).fetchall()
    for mart in GUARDED_MARTS.keys() & {name for (name,) in present}:
        [(rows[mart],)] = connection.execute(f"select count(*) from {MARTS}.{mart}").fetchall()
    connection.execute("use memory")
    return rows


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str, options: str) -> None:
    connection.execute(f"attach {literal(str(path))} as {identifier(name)} ({options})")


def _relations(connection: duckdb.DuckDBPyConnection) -> dict[Name, Relation]:
    """Return every table and view of the work file by schema and name."""
    column_comments: dict[Name, dict[str, str]] = {}
    for schema, name, column, comment in connection.execute(
        """
        select schema_name, table_name, column_name, comment from duckdb_columns()
        where database_name = $file and comment is not null
        order by all
        """,
        {"file": WORK},
    ).fetchall():
        column_comments.setdefault((schema, name), {})[column] = comment
    found = connection.execute(
        """
        select schema_name, table_name, null as sql, comment from duckdb_tables()
        where database_name = $file
        union all
        select schema_name, view_name, sql, comment from duckdb_views()
        where database_name = $file and not internal
        order by all
        """,
        {"file": WORK},
    ).fetchall()
    return {
        (schema, name): Relation(
            (schema, name), sql, comment, column_comments.get((schema, name), {})
        )
        for schema, name, sql, comment in found
    }


def _in_order(
    connection: duckdb.DuckDBPyConnection, relations: Mapping[Name, Relation]
) -> list[Relation]:
    """Return the marts, all that their views read and the history, each after what it reads.

    Raises UserError if a view reads a private schema, directly or through others.
    """
    ordered: dict[Name, Relation] = {}

    def add(name: Name) -> None:
        relation = relations[name]
        if name in ordered:
            return
        for source in _sources(connection, relation, relations):
            if source[0] in PRIVATE:
                raise UserError(
                    f"the view {'.'.join(name)} reads {'.'.join(source)}, which is not published;"
                    " make a table of the view or of what it reads"
                )
            add(source)
        ordered[name] = relation

    for name in sorted(relations):
        # A lost work file takes the history over from the published one.
        if name[0] in (MARTS, HISTORY):
            add(name)
    return list(ordered.values())


def _sources(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    relations: Mapping[Name, Relation],
) -> list[Name]:
    """Return the relations of the work file that a view reads itself; none for a table."""
    if relation.sql is None:
        return []
    # dbt writes schemas out; a name without one is a CTE's.
    paths = connection.execute(
        "select unnest(json_extract(json_serialize_sql($sql), '$..qualified_name.path'))",
        {"sql": _body(relation.sql)},
    ).fetchall()
    read = {tuple(name.lower() for name in json.loads(path)[-2:]) for (path,) in paths}
    return sorted(name for name in relations if (name[0].lower(), name[1].lower()) in read)


def _body(sql: str) -> str:
    """Return the SELECT of a CREATE VIEW, which is what follows the first keyword AS."""
    for offset, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.keyword and sql[offset : offset + 3].lower() == "as ":
            return sql[offset + 3 :]
    raise UserError(f"cannot read the view definition {sql[:80]!r}")


def _copy(connection: duckdb.DuckDBPyConnection, relations: list[Relation]) -> None:
    """Make the relations in the new file, in the given order, with their comments."""
    connection.execute(f"use {identifier(NEW)}")
    for schema in sorted({relation.name[0] for relation in relations}):
        connection.execute(f"create schema if not exists {identifier(schema)}")
    for relation in relations:
        name = qualified(*relation.name)
        if relation.sql is None:
            source = qualified(WORK, *relation.name)
            with reported(connection, f"copying {'.'.join(relation.name)}"):
                connection.execute(f"create table {name} as from {source}")
        else:
            _make_view(connection, relation, relation.sql)
        if relation.comment is not None:
            connection.execute(f"comment on {relation.kind} {name} is {literal(relation.comment)}")
        for column, comment in relation.column_comments.items():
            connection.execute(
                f"comment on column {name}.{identifier(column)} is {literal(comment)}"
            )
    connection.execute("use memory")


def _make_view(connection: duckdb.DuckDBPyConnection, relation: Relation, sql: str) -> None:
    """Make a view from its definition, which DuckDB gives without the name of the work file."""
    try:
        connection.execute(sql)
    except duckdb.Error as error:
        raise UserError(_does_not_work(relation, error)) from error


def _check(path: Path, stem: str, relations: list[Relation]) -> None:
    """Read every view of the finished file under the name that it will have for its readers."""
    with duckdb.connect() as connection:
        _attach(connection, path, stem, "read_only")
        connection.execute(f"use {identifier(stem)}")
        rows = connection.execute(
            "select coalesce(sum(estimated_size), 0) from duckdb_tables()"
            " where database_name = current_database()"
        ).fetchall()[0][0]
        is_small = rows < READ_THROUGH_BELOW_ROWS
        for relation in relations:
            if relation.sql is None:
                continue
            name = qualified(*relation.name)
            try:
                if is_small:
                    connection.execute(f"select count(columns(*)) from {name}").fetchall()
                else:
                    connection.execute(f"from {name} limit 0").fetchall()
            except duckdb.Error as error:
                raise UserError(_does_not_work(relation, error)) from error


def _does_not_work(relation: Relation, error: duckdb.Error) -> str:
    return (
        f"the view {'.'.join(relation.name)} does not work in the published file"
        f" ({first_line(error)}); nothing was published"
    )
