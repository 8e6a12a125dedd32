"""The published DuckDB file as the site reads it: only read, and in little memory."""

import datetime
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from customer_health.errors import UserError
from customer_health.schemas import MARTS
from customer_health.sql import identifier, literal

# DuckDB goes to disk beyond this.
MEMORY_LIMIT = "500MB"

DATABASE = "published"

Row = dict[str, Any]


@contextmanager
def opened(path: Path) -> Iterator["Source"]:
    """Open a published file. Raises UserError if it is not there."""
    if not path.is_file():
        raise UserError(
            f"there is no published file {path}; run `customer-health build` first, or set"
            " CUSTOMER_HEALTH_PUBLISHED"
        )
    spill = tempfile.TemporaryDirectory(prefix="customer_health_")
    with spill as folder, duckdb.connect() as connection:
        connection.execute(
            f"set memory_limit = '{MEMORY_LIMIT}'; set temp_directory = {literal(folder)}"
        )
        connection.execute(f"attach {literal(str(path))} as {identifier(DATABASE)} (read_only)")
        source = Source(connection)
        if not source.marts:
            raise UserError(f"{path} has no marts; run `customer-health build` first")
        connection.execute(f"use {identifier(DATABASE)}.{identifier(MARTS)}")
        yield source


@dataclass(eq=False)
class Source:
    """The marts of one build; queries name them without a schema."""

    connection: duckdb.DuckDBPyConnection

    @cached_property
    def marts(self) -> set[str]:
        """The names of the marts."""
        found = self.connection.execute(
            "select table_name from information_schema.tables"
            f" where table_catalog = {literal(DATABASE)} and table_schema = {literal(MARTS)}"
        ).fetchall()
        return {name for (name,) in found}

    def has(self, *marts: str) -> bool:
        """Whether all of these marts were built."""
        return self.marts >= set(marts)

    def rows(self, sql: str, **parameters: Any) -> list[Row]:
        """Return the rows of a query with few rows; decimals become numbers."""
        found = self.connection.execute(sql, parameters or None)
        names = [column[0] for column in found.description]
        return [
            dict(zip(names, [_plain(cell) for cell in row], strict=True))
            for row in found.fetchall()
        ]

    def row(self, sql: str, **parameters: Any) -> Row:
        """Return the only row of a query."""
        [row] = self.rows(sql, **parameters)
        return row

    def values(self, sql: str, **parameters: Any) -> list[Any]:
        """Return the first column of a query."""
        return [next(iter(row.values())) for row in self.rows(sql, **parameters)]

    @cached_property
    def policy(self) -> str:
        """The active policy."""
        return self.values("select policy from policies where is_active")[0]

    @cached_property
    def as_of_date(self) -> datetime.date | None:
        """The day of the figures."""
        if not self.has("account_health"):
            return None
        return self.values("select max(as_of_date) from account_health")[0]

    @cached_property
    def pairs(self) -> str:
        """The query of accounts and their customers; without the mart those of equal ids."""
        if self.has("account_customers"):
            return (
                "select account_id, customer_id, customer_rank, account_rank from account_customers"
            )
        return (
            "select customer_id as account_id, customer_id, 1 as customer_rank, 1 as account_rank"
            " from account_review"
        )

    @cached_property
    def bands(self) -> Sequence[str]:
        """The health bands of the active policy, from the best, and last the one without score."""
        return self.values(
            "select health_band from health_bands where policy = $policy"
            " and (at_least is not null or account_count > 0) order by position",
            policy=self.policy,
        )


def _plain(cell: Any) -> Any:
    return float(cell) if isinstance(cell, Decimal) else cell
