"""Postgres: raw tables by COPY, marts in a set of schemas that is published in one transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from customer_health import settings
from customer_health.engines import CAREFULLY, Published, Publishing
from customer_health.engines.postgres import load, sets
from customer_health.engines.postgres.session import Session
from customer_health.load import LoadedTable
from customer_health.profile import Target
from customer_health.schemas import MARTS, NEXT


class Postgres:
    """The engine of a Postgres database, through one session that holds the lock throughout."""

    _session: Session

    def __init__(self, target: Target) -> None:
        self._target = target

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the advisory lock of the database until the end."""
        with Session(self._target.credentials).locked() as self._session:
            yield

    def load(self, folder: Path, project: Path) -> list[LoadedTable]:
        """Copy the files of `folder` into the schema `raw`, all of them or none."""
        return load.load(self._session, folder, project)

    def prepare(self) -> dict[str, str]:
        """Drop what an earlier build left, and make the schemas in which dbt builds."""
        sets.prepare(self._session)
        return {"CUSTOMER_HEALTH_SET": NEXT}

    def let_go(self) -> None:
        """Do nothing: dbt closes its sessions."""

    def has_built(self) -> bool:
        """Whether marts were published."""
        return MARTS in self._session.schemas() and bool(self._session.relations(MARTS))

    def publish(self, project: Path, publishing: Publishing = CAREFULLY) -> Published:
        """Let the new set take the place of the published one in one transaction."""
        role = settings.reader_role()
        sets.publish(self._session, project, role, self._target.name, publishing)
        kinds = list(self._session.relations(MARTS).values())
        place = f"{MARTS} in {self._session.database}"
        return Published(place, kinds.count("r"), kinds.count("v"))

    def tables(self, layer: str) -> set[str]:
        """Return the names of the tables and views in a layer of the published set."""
        return set(self._session.relations(layer))

    def schema(self, layer: str) -> str:
        """Return the layer itself: the published set has the plain names."""
        return layer

    def query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a query over the published set."""
        return self._session.rows(sql)

    def places(self) -> list[str]:
        """Return the line of the published schema and its readers."""
        readers = settings.reader_role()
        return [f"Published     schema {MARTS} of {self._session.database}, for the role {readers}"]
