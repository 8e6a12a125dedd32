"""What the comparisons with an oracle share: models that are compiled once, and reading tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from builds import dbt

from oracle.compare import Table


def read_query(work_file: Path, query: str, name: str) -> Table:
    """Read the result of a query of a work file as a table of the given name."""
    with duckdb.connect(str(work_file), read_only=True) as connection:
        cursor = connection.execute(query)
        types = {column[0]: str(column[1]) for column in cursor.description}
        rows = [dict(zip(types, row, strict=True)) for row in cursor.fetchall()]
    return Table(name, types, rows)


def read_table(work_file: Path, schema: str, name: str) -> Table:
    """Read a table of a work file."""
    return read_query(work_file, f'select * from "{schema}"."{name}"', name)


def compile_models(
    models: Iterable[str], variables: Mapping[str, Any], folder: Path
) -> dict[str, str]:
    """Return the SQL of models, compiled in `folder`; their database is called `work`."""
    environment = {
        "CUSTOMER_HEALTH_TARGET": "duckdb",
        "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
    }
    dbt(
        *("compile", "--quiet", "--select", *models),
        variables=variables,
        environment=environment,
        folder=folder,
    )
    return {
        name: next((folder / "target" / "compiled").glob(f"**/{name}.sql")).read_text("utf-8")
        for name in models
    }


class Compiled:
    """Models compiled once and run on tables made up by a test, each in the schema it is built in.

    `models` are names with their schemas, in the order in which they are built; `inputs` are
    tables with their columns.
    """

    def __init__(
        self,
        models: Mapping[str, str],
        inputs: Mapping[str, str],
        variables: Mapping[str, Any],
        folder: Path,
    ) -> None:
        self._models, self._inputs = models, inputs
        self._sql = compile_models(models, variables, folder)
        self._connection = duckdb.connect()
        self._connection.execute("attach ':memory:' as work; use work")
        for schema in ("staging", "intermediate", "marts"):
            self._connection.execute(f"create schema {schema}")

    def build(self, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        """Fill the inputs (without rows where none are given) and build every model."""
        for name, columns in self._inputs.items():
            self._connection.execute(f"create or replace table {name} ({columns})")
            self._fill(name, rows.get(name, []))
        for name, schema in self._models.items():
            self._connection.execute(
                f"create or replace table {schema}.{name} as {self._sql[name]}"
            )

    def _fill(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        for start in range(0, len(rows), 500):
            chunk = rows[start : start + 500]
            marks = ", ".join(["(" + ", ".join("?" * len(chunk[0])) + ")"] * len(chunk))
            values = [value for row in chunk for value in row]
            self._connection.execute(f"insert into {name} values {marks}", values)

    def read(self, name: str) -> Table:
        """Read a model."""
        cursor = self._connection.execute(f"select * from {self._models[name]}.{name}")
        types = {column[0]: str(column[1]) for column in cursor.description}
        rows = [dict(zip(types, row, strict=True)) for row in cursor.fetchall()]
        return Table(name, types, rows)
