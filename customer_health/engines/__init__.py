"""The engines that the marts are built on, behind one small set of methods.

DuckDB builds in a file of its own and publishes a copy. Postgres and Spark have readers at any
time: there dbt builds a second set of schemas, which takes the place of the published one.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from customer_health.errors import UserError
from customer_health.load import LoadedTable
from customer_health.profile import Target
from customer_health.schemas import MARTS
from customer_health.settings import SHRINK_LIMIT


@dataclass(frozen=True)
class Published:
    """What `publish` put in place: where, and the numbers of its tables and views."""

    place: str
    table_count: int
    view_count: int


@dataclass(frozen=True)
class Publishing:
    """What a user takes upon himself for one publish, and what is known of the build.

    `untested`: data tests were left out. `allow_shrink`: a smaller share of the accounts than
    `shrink_limit`, or none, may replace what is published. `build`: dbt's id of the build that
    passed, by which it stamps the marts; None where only tests ran, or the project has no stamp.
    """

    untested: bool = False
    allow_shrink: bool = False
    build: str | None = None
    shrink_limit: Fraction = SHRINK_LIMIT


CAREFULLY = Publishing()

# Marts whose rows must not vanish by mistake, and what a row of each is.
GUARDED_MARTS = {"account_health": "accounts", "customer_success_health": "customers"}


def refuse_shrunken(old: Mapping[str, int], new: Mapping[str, int], publishing: Publishing) -> None:
    """Raise UserError if a guarded mart would have none, or too small a share, of its rows left.

    `old` and `new` are the rows of those that are there; a subject that is not built is not there.
    """
    for mart, entities in GUARDED_MARTS.items():
        before, after = old.get(mart, 0), new.get(mart)
        if not before or after is None or publishing.allow_shrink:
            continue
        if not after or after < before * publishing.shrink_limit:
            raise UserError(
                f"{MARTS}.{mart} would have {after:,} {entities} in the place of {before:,};"
                " nothing was published, mend the raw data, or say that it is meant with"
                " --allow-shrink"
            )


def refuse_other_build(found: Iterable[tuple[str]], publishing: Publishing) -> None:
    """Raise UserError unless the marts are those of the build that passed.

    `found` is what they are stamped with: the column invocation_id of the mart build_info.
    """
    stamps = {stamp for (stamp,) in found}
    if stamps != {publishing.build}:
        told = f"are stamped with the build {min(stamps)}" if stamps else "carry no stamp"
        raise UserError(
            f"the marts that would be published {told}, and the dbt build that passed last is"
            f" {publishing.build}; nothing was published, run `customer-health build`"
        )


class Engine(Protocol):
    """What a build needs of an engine. Every method but `locked` is called while it is locked.

    Each raises UserError for whatever the user can mend.
    """

    def locked(self) -> AbstractContextManager[None]:
        """Connect, and keep other builds, loads and publishes out until the end."""

    def load(self, folder: Path, project: Path) -> list[LoadedTable]:
        """Bring the files of `folder` into the schema raw, all of them or none."""

    def prepare(self) -> dict[str, str]:
        """Make room for a new set of marts; return the environment in which dbt builds it."""

    def let_go(self) -> None:
        """Close what dbt has left open in this process."""

    def has_built(self) -> bool:
        """Whether anything was ever built or published here."""

    def publish(self, project: Path, publishing: Publishing) -> Published:
        """Put the marts that dbt has built in the place of those that readers see."""

    def tables(self, layer: str) -> set[str]:
        """Return the names of the tables and views in a layer of the published set."""

    def schema(self, layer: str) -> str:
        """Return the schema that holds a layer of the published set, as a query names it."""

    def query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query over the published set."""

    def places(self) -> list[str]:
        """Return the lines that tell where everything is."""


def engine_for(target: Target) -> Engine:
    """Return the engine of a target. Its packages are imported here, so that none needs all."""
    if target.engine == "duckdb":
        from customer_health.engines.duckdb import DuckDB

        return DuckDB()
    if target.engine == "postgres":
        from customer_health.engines.postgres import Postgres

        return Postgres(target)
    from customer_health.engines.spark import Spark

    return Spark(target)
