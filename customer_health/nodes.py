"""What becomes of the nodes of a dbt run: how many are done, and which failed on which rows."""

import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from customer_health.errors import sentence
from customer_health.project import FAILED_STATUSES

# The kinds that take time, in the order in which they are shown; exposures and their like do not.
KINDS = {
    "seed": "seed",
    "snapshot": "snapshot",
    "model": "model",
    "test": "test",
    "unit_test": "unit test",
}

# What dbt says to have found in the project, such as `2 models, 12 data tests, 3 sources`.
FOUND = re.compile(r"(\d+) ([a-z ]+)")
NOT_RUN = {"source", "macro", "metric", "semantic model", "group", "analysis", "unit test"}

PASSED = ("success", "pass")
ENDS = {"error": "failed", "fail": "failed", "warn": "with a warning"}

# Of each failed node so many rows are shown, and of so many nodes.
FIRST_ROWS = 3
FIRST_FAILURES = 5
ROW_WIDTH = 300


class Nodes:
    """Counts the nodes of a run, given all its events."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, int] = {}
        self._selected = 0
        self._done: Counter[str] = Counter()
        self._ends: Counter[str] = Counter()

    def take(self, event: Any) -> bool:
        """Take an event into account, and tell whether it counts; dbt's threads fire at once."""
        name, data = event.info.name, event.data
        with self._lock:
            if name == "FoundStats":
                self._found = _found(data.stat_line)
            elif name == "ConcurrencyLine":
                self._selected = data.node_count
            elif name == "NodeFinished" and data.node_info.resource_type in KINDS:
                self._done[KINDS[data.node_info.resource_type]] += 1
                self._ends[data.node_info.node_status] += 1
            else:
                return False
        return True

    @property
    def now(self) -> str:
        """How many are done of all."""
        if not self._selected:
            return "reading the project"
        # dbt tells how many are selected, but not of which kind, unless it is the whole project.
        if self._selected == sum(self._found.values()):
            return ", ".join(
                f"{kind}s {self._done[kind]} of {self._found[kind]}"
                for kind in KINDS.values()
                if kind in self._found
            )
        done = [f"{kind}s {self._done[kind]}" for kind in KINDS.values() if self._done[kind]]
        return f"{', '.join(done) or 'nodes 0'}; of {self._selected} nodes"

    @property
    def result(self) -> str:
        """How many there were, and how many of them did not pass; empty before the first."""
        kinds = ", ".join(
            counted(self._done[kind], kind) for kind in KINDS.values() if self._done[kind]
        )
        flaws: Counter[str] = Counter()
        for status, count in self._ends.items():
            if status not in PASSED:
                flaws[ENDS.get(status, status)] += count
        return "; ".join([kinds, *(f"{count:,} {end}" for end, count in flaws.items())])


def counted(count: int, noun: str) -> str:
    """Return a number of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _found(stat_line: str) -> dict[str, int]:
    found = {
        kind.strip().removeprefix("data ").removesuffix("s"): int(count)
        for count, kind in FOUND.findall(stat_line)
    }
    return {kind: count for kind, count in found.items() if kind not in NOT_RUN}


def failures(results: Iterable[Any], engine: str) -> Iterator[str]:
    """Yield lines that tell what failed and what dbt warned of, tests with their first rows.

    The settings of dbt's last run in this process tell where they are.
    """
    told = [result for result in results if result.status in (*FAILED_STATUSES, "warn")]
    told.sort(key=lambda result: (result.status == "warn", result.status == "fail"))
    for result in told[:FIRST_FAILURES]:
        node = result.node
        end = "has a warning" if result.status == "warn" else "failed"
        yield f"{node.resource_type} {node.name} {end}: {sentence(result.message or 'no reason')}"
        if node.resource_type == "test":
            yield from _first_rows(node, engine)
    if len(told) > FIRST_FAILURES:
        yield f"and {len(told) - FIRST_FAILURES:,} more"


def _first_rows(node: Any, engine: str) -> Iterator[str]:
    """Yield the first rows that a test found, each on a line."""
    from dbt.adapters.factory import get_adapter_by_type

    adapter = get_adapter_by_type(engine)
    try:
        with adapter.connection_named("failures"):
            _, rows = adapter.execute(node.compiled_code, fetch=True, limit=FIRST_ROWS)
    except Exception:
        # The engine may be gone, or the test have failed for what it reads: the sentence stands.
        return
    finally:
        # An open connection would keep the work file from being published.
        adapter.cleanup_connections()
    for row in rows.rows:
        yield f"    {_described(rows.column_names, row)}"


def _described(names: Sequence[str], row: Iterable[Any]) -> str:
    shown = ("null" if value is None else str(value) for value in row)
    cells = (f"{name} {value}" for name, value in zip(names, shown, strict=True))
    text = " ".join(", ".join(cells).split())
    return text if len(text) <= ROW_WIDTH else f"{text[:ROW_WIDTH]} ..."
