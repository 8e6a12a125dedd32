"""The models behind a report as SQL that DuckDB runs without dbt.

dbt builds them once over tables without rows: what it made there, and the queries that it compiled,
are the statements that make the same of any rows.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from customer_health.build import first_cause
from customer_health.engines.duckdb import DuckDB
from customer_health.errors import UserError, sentence
from customer_health.export.report import TOOLS
from customer_health.profile import Target, duckdb_settings
from customer_health.schemas import RAW
from customer_health.sql import identifier, literal, qualified

# Stands for as_of_date, so that a new day needs no new compilation.
STAND_IN = "2222-02-22"


class Statement(NamedTuple):
    """A statement and what it is for, such as `model customer_success_health`."""

    purpose: str
    sql: str


def run_statements(work: Path, statements: Sequence[Statement], as_of: str) -> None:
    """Make the models in a work file with raw tables. Raises UserError when one fails."""
    with duckdb.connect(work) as connection:
        for statement in statements:
            try:
                connection.execute(statement.sql.replace(literal(STAND_IN), literal(as_of)))
            except duckdb.Error as error:
                raise UserError(f"{statement.purpose} failed: {sentence(str(error))}") from error


def compile_tools(
    tool: str, work: Path, project: Path, target: Target, home: Path
) -> dict[str, list[Statement]]:
    """Return the statements of `tool`, and of the other tools where they compile as well.

    `work` has the raw tables; dbt works in the folder `home`. Raises UserError with dbt's first
    cause if `tool` does not compile.
    """
    home.mkdir()
    # Compiled queries name the database, which is called after its file.
    empty = home / work.name
    _copy_columns(work, empty)
    settings = duckdb_settings(project, target)
    try:
        outcome = _run_dbt(project, target, home)
    finally:
        DuckDB().let_go()
    results = getattr(outcome.result, "results", None) or []
    made = {result.node.unique_id: result.node for result in results if result.status == "success"}
    with duckdb.connect(empty, read_only=True) as connection:
        compiled = {
            name: [*_beginning(connection, settings), *_statements(connection, nodes)]
            for name in TOOLS
            if (nodes := _needed(name, made))
        }
    if tool not in compiled:
        raise UserError(first_cause(results) or f"dbt failed: {sentence(str(outcome.exception))}")
    return compiled


def _copy_columns(work: Path, empty: Path) -> None:
    """Make the raw tables of `work` without their rows."""
    with duckdb.connect(empty) as connection:
        connection.execute(f"attach {literal(str(work))} as given (read_only)")
        connection.execute(f"create schema {RAW}")
        names = connection.execute(
            "select table_name from information_schema.tables"
            f" where table_catalog = 'given' and table_schema = {literal(RAW)}"
        ).fetchall()
        for (name,) in names:
            table = qualified(RAW, name)
            connection.execute(f"create table {table} as from given.{table} limit 0")


def _run_dbt(project: Path, target: Target, home: Path) -> Any:
    """Build the models of all tools; dbt says nothing on stdout."""
    # dbt takes seconds to import.
    from dbt.cli.main import dbtRunner

    variables = {
        "customer_health_subjects": ["customer_success"],
        "as_of_date": STAND_IN,
        # Who asks for a report of a day to come gets one: nothing is stored.
        "customer_health_future_dates": "allow",
    }
    return dbtRunner().invoke(
        [
            *("--log-level", "none", "--log-level-file", "none", "--no-write-json"),
            *("build", "--project-dir", str(project), "--profiles-dir", str(target.profiles_dir)),
            *("--target", target.name, "--target-path", str(home / "target")),
            *("--log-path", str(home / "logs"), "--vars", json.dumps(variables)),
            *("--resource-type", "seed", "--resource-type", "model", "--select"),
            *(f"+{mart}" for tool in TOOLS.values() for mart in tool.NEEDED),
        ]
    )


def _needed(tool: str, made: Mapping[str, Any]) -> list[Any]:
    """Return the nodes of a tool in the order in which dbt made them, none if one is missing."""
    marts = [identity for identity, node in made.items() if node.name in TOOLS[tool].NEEDED]
    if len(marts) < len(TOOLS[tool].NEEDED):
        return []
    needed: set[str] = set()
    while marts:
        identity = marts.pop()
        if identity in made and identity not in needed:
            needed.add(identity)
            marts += made[identity].depends_on_nodes
    return [node for identity, node in made.items() if identity in needed]


def _beginning(
    connection: duckdb.DuckDBPyConnection, settings: Mapping[str, Any]
) -> Iterator[Statement]:
    """Yield what comes before the models: the settings of the profile, and the schemas."""
    for name, value in settings.items():
        yield Statement("profile", f"set {name} = {literal(str(value))}")
    schemas = connection.execute("select distinct schema_name from duckdb_tables()").fetchall()
    for (schema,) in sorted(schemas):
        yield Statement("schema", f"create schema if not exists {identifier(schema)}")


def _statements(connection: duckdb.DuckDBPyConnection, nodes: Sequence[Any]) -> Iterator[Statement]:
    for node in nodes:
        purpose = f"{node.resource_type} {node.name}"
        config = node.config
        if config.pre_hook or config.post_hook or config.get("sql_header"):
            raise UserError(f"--from runs no hooks, but the {purpose} has some; leave --from out")
        name = qualified(node.schema, node.alias)
        if config.materialized == "view":
            yield Statement(purpose, f"create view {name} as {node.compiled_code}")
            continue
        # dbt casts to the types of a contract as it inserts, and so must we.
        [(table,)] = connection.execute(
            "select sql from duckdb_tables() where schema_name = ? and table_name = ?",
            [node.schema, node.alias],
        ).fetchall()
        yield Statement(purpose, table)
        if node.resource_type == "seed":
            rows = connection.execute(f"select columns(*)::varchar from {name}").fetchall()
            values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
            if values:
                yield Statement(purpose, f"insert into {name} values {values}")
        else:
            query = f"select * from (\n{node.compiled_code}\n)"
            yield Statement(purpose, f"insert into {name} by name {query}")
