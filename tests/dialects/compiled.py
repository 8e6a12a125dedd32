"""The project's SQL as the adapter of another engine would compile it, without that engine.

dbt compiles against an empty table in DuckDB, but our macros are dispatched by the other adapter's
name and `target.type` is that name. Meanwhile each macro puts marks around what it returns, so that
every character of the compiled SQL still knows the macro that wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
from builds import ROOT, read_parse, stored_parse, strip

from customer_health.project import source_tables
from customer_health.sql import identifier, qualified

PACKAGE = "customer_health"

# A source column of every other type, so that each way of reading a column is compiled.
OTHER_TYPES = ("double", "bigint", "decimal(18, 2)", "boolean", "date", "timestamp")

# Settings that use every key of a policy, and labels with the characters that need care in a text.
VARIABLES: Mapping[str, Any] = {
    "as_of_date": "2026-06-01",
    "customer_health_industries": ["Technology", "Children's Goods", "Home\\Garden"],
    "customer_health_policies": ["run_rate", "win_probability", "pipeline_weighted", "every_key"],
    "customer_health_extra_policies": {
        "every_key": {
            "extends": "run_rate",
            "dimensions": [
                {
                    "dimension": "activity",
                    "weight": 0.5,
                    "metrics": [
                        {"metric": "total_activities_30d", "weight": 0.25, "scale": "winsorized"},
                        {
                            "metric": "days_since_last_activity",
                            "weight": 0.25,
                            "scale": "target",
                            "lower": 0,
                            "upper": 60,
                            "direction": "lower",
                        },
                        {
                            "metric": "total_won_amount",
                            "weight": 0.25,
                            "scale": "percentile",
                            "peer_group": "industry",
                        },
                        {"metric": "annual_revenue", "weight": 0.25, "scale": "percentile"},
                    ],
                },
                {
                    "dimension": "business_value",
                    "weight": 0.5,
                    "metrics": [
                        {
                            "metric": "number_of_employees",
                            "weight": 0.5,
                            "scale": "winsorized",
                            "peer_group": "account_size_segment",
                            "pre_transform": "log1p",
                            "post_transform": "sqrt",
                        },
                        {
                            "metric": "total_contacts",
                            "weight": 0.5,
                            "scale": "min_max",
                            "peer_group": "industry",
                        },
                    ],
                },
            ],
        }
    },
}

# Private characters of Unicode, which no SQL has: a macro begins, its argument begins, either ends.
FIRST_MACRO, ARGUMENT, END = 0xE000, "\uf8fe", "\uf8ff"

# Tests that dbt brings along say nothing about our SQL.
NOT_COMPILED = ("--exclude", "test_name:not_null", "test_name:accepted_values")

# Macros whose result is a word for other macros, not SQL: a mark would change what they decide.
UNMARKED = {"kind_of_type", "as_of_day", "checked_day", "first_day_kept"}

# Macros whose SQL runs beside a model and is in none: after a table of the history took its slices.
IN_NO_MODEL = {"drop_slices_before", "replace_stored_owners"}

# Macros that ask the database while dbt compiles: DuckDB knows no other dialect, and is empty here.
ANSWERS: Mapping[str, list[Any]] = {"distinct_days": []}


@dataclass(frozen=True)
class Macro:
    """A macro of the project. `name` is without the prefix of an adapter."""

    name: str
    path: str
    is_dispatched: bool


@dataclass(frozen=True)
class Statement:
    """A compiled model or test; `macros` has, for each character, the macro that wrote it."""

    name: str
    path: str
    sql: str
    macros: Sequence[Macro | None]

    def origin(self, offset: int) -> Macro | str:
        """Return the macro that wrote the character, or the file if none did."""
        return self.macros[offset] or self.path


@dataclass(frozen=True)
class Project:
    """Everything that is compiled, the types in YAML (file, type), and macros never called."""

    statements: Sequence[Statement]
    declared_types: Sequence[tuple[str, str]]
    macros_not_called: Sequence[str]
    relations: Mapping[str, str]


def compile_as(
    adapter_names: Sequence[str],
    folder: Path,
    variables: Mapping[str, Any] = VARIABLES,
    work_file: Path | None = None,
    is_marked: bool = True,
) -> Project:
    """Compile the project as for an adapter, in `folder`.

    `adapter_names` is the adapter's name and those that it inherits from, as dbt dispatches.
    Without a `work_file` the source table is empty and has columns of many types.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if work_file is None:
        work_file = folder / "work.duckdb"
        create_sources(work_file)
    marks = Marks()
    with ExitStack() as patches:
        patches.enter_context(_seen_as(adapter_names))
        if is_marked:
            patches.enter_context(marks.made())
        compiled = run_dbt("compile", folder, variables, work_file, *NOT_COMPILED)
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    macros = _macros(manifest)
    called = {macros[name].name for name in marks.names} | IN_NO_MODEL
    statements = []
    for node in (result.node for result in compiled.results):
        sql, names = marks.removed(node.compiled_code or "")
        if sql.strip():
            writers = [macros[name] if name else None for name in names]
            statements.append(Statement(node.unique_id, node.original_file_path, sql, writers))
    return Project(
        statements,
        _declared_types(manifest),
        sorted(m.name for m in macros.values() if m.is_dispatched and m.name not in called),
        _relations(manifest),
    )


def create_sources(work_file: Path) -> None:
    """Create the source tables without rows: every second column a text, the others a mix."""
    work_file.parent.mkdir(parents=True, exist_ok=True)
    work_file.unlink(missing_ok=True)
    with duckdb.connect(str(work_file)) as connection:
        connection.execute("create schema raw")
        for table, columns in source_tables(ROOT).items():
            types = {
                column: "varchar" if place % 2 == 0 else OTHER_TYPES[place // 2 % len(OTHER_TYPES)]
                for place, column in enumerate(columns)
            }
            # Seconds or a date: both only as a text.
            types |= {column: "varchar" for column in types if column == "account_created_date"}
            listed = ", ".join(f"{identifier(name)} {type_}" for name, type_ in types.items())
            connection.execute(f"create table {qualified('raw', table)} ({listed})")


@contextmanager
def _seen_as(adapter_names: Sequence[str]) -> Iterator[None]:
    """Let our macros be dispatched to the adapter, and `target.type` be its name."""
    from dbt.config.profile import Profile
    from dbt.config.runtime import RuntimeConfig
    from dbt.context.providers import BaseDatabaseWrapper

    dispatch = BaseDatabaseWrapper.dispatch

    def ours(self: Any, macro_name: str, macro_namespace: str | None = None, **rest: Any) -> Any:
        if macro_namespace != PACKAGE:
            # dbt's own macros talk to the database, which is DuckDB.
            return dispatch(self, macro_name, macro_namespace, **rest)
        prefixes = [*adapter_names, "default"]
        with patch.object(self, "_get_adapter_macro_prefixes", lambda: prefixes):
            return dispatch(self, macro_name, macro_namespace, **rest)

    def renamed(owner: type) -> Any:
        described = owner.to_target_dict

        def to_target_dict(self: Any) -> dict[str, Any]:
            return {**described(self), "type": adapter_names[0]}

        return patch.object(owner, "to_target_dict", to_target_dict)

    with (
        patch.object(BaseDatabaseWrapper, "dispatch", ours),
        renamed(Profile),
        renamed(RuntimeConfig),
    ):
        yield


class Marks:
    """Marks in compiled SQL that tell which macro wrote what."""

    def __init__(self) -> None:
        self.names: list[str] = []

    @contextmanager
    def made(self) -> Iterator[None]:
        """Let our macros mark what they return, and what of it came in as an argument."""
        from dbt.clients.jinja import MacroGenerator

        call = MacroGenerator.__call__

        def marked(macro: Any, *arguments: Any, **named: Any) -> Any:
            if not self._is_marked(macro):
                return call(macro, *arguments, **named)
            if macro.macro.name in ANSWERS:
                return list(ANSWERS[macro.macro.name])
            result = call(
                macro,
                *(self._as_argument(value) for value in arguments),
                **{name: self._as_argument(value) for name, value in named.items()},
            )
            return self._as_result(macro, result) if type(result) is str else result

        with patch.object(MacroGenerator, "__call__", marked):
            yield

    def removed(self, sql: str) -> tuple[str, list[str | None]]:
        """Return the SQL without marks, and the macro that wrote each character of it."""
        written: list[str] = []
        writers: list[str | None] = []
        # A frame is the macro and the frame of its caller, to which its arguments belong.
        current: tuple[str | None, Any] = (None, None)
        opened: list[tuple[str | None, Any]] = []
        for character in sql:
            if character == END:
                current = opened.pop()
            elif character == ARGUMENT:
                opened.append(current)
                current = current[1]
            elif FIRST_MACRO <= ord(character) < ord(ARGUMENT):
                opened.append(current)
                current = (self.names[ord(character) - FIRST_MACRO], current)
            else:
                written.append(character)
                writers.append(current[0])
        return "".join(written), writers

    @staticmethod
    def _is_marked(macro: Any) -> bool:
        described = macro.macro
        # While the project is only parsed, texts are names as often as SQL.
        is_compiling = bool(macro.context.get("execute"))
        return is_compiling and described.package_name == PACKAGE and described.name not in UNMARKED

    @staticmethod
    def _as_argument(value: Any) -> Any:
        # Only an expression has parentheses; a plain word may be looked up by the macro.
        return f"{ARGUMENT}{value}{END}" if type(value) is str and "(" in value else value

    def _as_result(self, macro: Any, text: str) -> str:
        name = macro.macro.unique_id
        if name not in self.names:
            self.names.append(name)
        return f"{chr(FIRST_MACRO + self.names.index(name))}{text}{END}"


def run_dbt(
    command: str, folder: Path, variables: Mapping[str, Any], work_file: Path, *options: str
) -> Any:
    """Run a command of dbt on DuckDB with its artifacts in `folder`; return dbt's result."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    environment = {
        "CUSTOMER_HEALTH_WORK": str(work_file.absolute()),
        "CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"),
    }
    manifest = read_parse(stored_parse(variables, environment))
    strip(manifest)
    with patch.dict("os.environ", environment):
        outcome = dbtRunner(manifest=manifest).invoke(
            [
                *("--quiet", command, "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)),
                *("--target", "duckdb", "--target-path", str(folder / "target")),
                *("--log-path", str(folder / "logs"), "--vars", json.dumps(variables)),
                *options,
            ]
        )
    # dbt keeps the file open, and DuckDB lets nobody else in.
    DuckDBConnectionManager.close_all_connections()
    if not outcome.success:
        raise RuntimeError(f"dbt {command} failed: {outcome.exception or 'see above'}")
    return outcome.result


def _macros(manifest: Mapping[str, Any]) -> dict[str, Macro]:
    ours = {
        name: macro
        for name, macro in manifest["macros"].items()
        if macro["package_name"] == PACKAGE
    }
    defaults = {macro["name"] for macro in ours.values() if macro["name"].startswith("default__")}
    described = {}
    for name, macro in ours.items():
        plain = macro["name"].split("__", 1)[1] if "__" in macro["name"] else macro["name"]
        described[name] = Macro(plain, macro["original_file_path"], f"default__{plain}" in defaults)
    return described


def _declared_types(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the types that YAML declares for columns of models and seeds, each with its file."""
    declared = set()
    for node in manifest["nodes"].values():
        file = (node.get("patch_path") or "").removeprefix(f"{PACKAGE}://")
        types = [column.get("data_type") for column in node["columns"].values()]
        types += (node["config"].get("column_types") or {}).values()
        declared |= {(file, type_.lower()) for type_ in types if type_ and file}
    return sorted(declared)


def _relations(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the quoted name of each model, seed and source, and its schema and name."""
    nodes = [*manifest["nodes"].values(), *manifest["sources"].values()]
    return {
        node["relation_name"]: f"{node['schema']}.{node.get('alias') or node['identifier']}"
        for node in nodes
        if node.get("relation_name")
    }
