"""A work file with raw tables of the test's own, in which dbt runs one day after the other.

All runs happen in this process, in which dbt keeps its parsed templates: each costs half of what it
would cost in a process of its own.
"""

from __future__ import annotations

import contextlib
import datetime
import io
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from builds import ROOT, read_parse, stored_parse, strip

VIEW = "salesforce__customer_360_view"
SNAPSHOTS = "salesforce__customer_360_history"

Row = dict[str, Any]
Raw = Mapping[str, str | None]


class Site:
    """A folder with a work file; the tables in its schema `raw` hold text, as an ELT tool may."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / "work.duckdb"
        self.published = folder / "published.duckdb"

    def write(self, table: str, rows: Iterable[Raw], columns: Sequence[str]) -> None:
        """Replace a raw table."""
        places = ", ".join("?" for _ in columns)
        with duckdb.connect(str(self.work)) as connection:
            connection.execute("create schema if not exists raw")
            fields = ", ".join(f'"{column}" varchar' for column in columns)
            connection.execute(f"create or replace table raw.{table} ({fields})")
            values = [[row.get(column) or None for column in columns] for row in rows]
            if values:
                connection.executemany(f"insert into raw.{table} values ({places})", values)

    def run(
        self, as_of_date: str, select: Sequence[str], variables: Mapping[str, Any], *flags: str
    ) -> tuple[int, str]:
        """Run models; return the status and what was printed."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

        variables = {"as_of_date": as_of_date, **variables}
        environment = {
            "CUSTOMER_HEALTH_WORK": str(self.work),
            "CUSTOMER_HEALTH_PUBLISHED": str(self.published),
        }
        parse = read_parse(stored_parse(variables, environment))
        strip(parse)
        command = ["--no-use-colors", "--log-level-file", "none", "--quiet", "run"]
        command += ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
        command += ["--target-path", str(self.folder / "target")]
        command += ["--log-path", str(self.folder / "logs"), *flags]
        command += ["--vars", json.dumps(variables), "--select", *select]
        printed = io.StringIO()
        try:
            with (
                pytest.MonkeyPatch.context() as patch,
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(printed),
            ):
                for name, text in environment.items():
                    patch.setenv(name, text)
                outcome = dbtRunner(manifest=parse).invoke(command)
        finally:
            DuckDBConnectionManager.close_all_connections()
        return int(not outcome.success), printed.getvalue()

    def query(self, sql: str) -> list[Row]:
        """Return the rows of a query as dicts."""
        with duckdb.connect(str(self.work), read_only=True) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def slices(self) -> dict[str, dict[str, Row]]:
        """Return the stored rows by day and account, without what is unknown."""
        found: dict[str, dict[str, Row]] = {}
        for row in self.query("select * from history.account_health_slices"):
            known = {name: value for name, value in row.items() if value is not None}
            found.setdefault(day_of(row), {})[row["account_id"]] = known
        return dict(sorted(found.items()))


def day_of(row: Row) -> str:
    """Return the as_of_date of a row as text."""
    day = row["as_of_date"]
    assert isinstance(day, datetime.date)
    return day.isoformat()
