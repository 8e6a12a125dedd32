"""Spark: raw tables from staged parquet files, marts in a set of schemas that views then read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from customer_health.engines import CAREFULLY, Published, Publishing
from customer_health.engines.spark import load, sets
from customer_health.engines.spark.session import Session
from customer_health.load import LoadedTable
from customer_health.profile import Target
from customer_health.schemas import MARTS, in_set


class Spark:
    """The engine of a Spark catalog, reached as the profile says."""

    _session: Session

    def __init__(self, target: Target) -> None:
        self._target = target

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the catalog, which is a schema, until the end."""
        with Session(self._target.credentials).locked() as self._session:
            yield

    def load(self, folder: Path, project: Path) -> list[LoadedTable]:
        """Make tables of the files of `folder` in the schema `raw`, all of them or none."""
        return load.load(self._session, folder, project)

    def prepare(self) -> dict[str, str]:
        """Drop the sets that nobody reads, and make the schemas in which dbt builds."""
        return {"CUSTOMER_HEALTH_SET": sets.prepare(self._session)}

    def let_go(self) -> None:
        """Do nothing: dbt closes its sessions."""

    def has_built(self) -> bool:
        """Whether marts were published."""
        return MARTS in self._session.schemas() and bool(self._session.relations(MARTS))

    def publish(self, project: Path, publishing: Publishing = CAREFULLY) -> Published:
        """Let the views in `marts` read the new set, one after the other."""
        # The server may have ended a session that idled while dbt built.
        self._session.connect()
        count = sets.publish(self._session, project, self._target.name, publishing)
        return Published(f"{MARTS} of {self._session.server}", 0, count)

    def tables(self, layer: str) -> set[str]:
        """Return the names of the tables and views in a layer of the published set."""
        return set(self._session.relations(self.schema(layer)))

    def schema(self, layer: str) -> str:
        """Return the schema of a layer: marts have views with plain names, the rest has none."""
        return layer if layer == MARTS else in_set(layer, self._published_set())

    def query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query over the published set."""
        return self._session.rows(sql)

    def places(self) -> list[str]:
        """Return the line of the published schema."""
        schema = in_set(MARTS, self._published_set())
        return [f"Published     schema {MARTS} of {self._session.server}, views over {schema}"]

    def _published_set(self) -> str:
        return min(sets.published(self._session))
