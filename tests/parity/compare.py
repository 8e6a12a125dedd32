"""Compare the marts of several engines row by row, value by value.

    python tests/parity/compare.py --engines duckdb,postgres,spark

reads the builds that the environment points to (CUSTOMER_HEALTH_PUBLISHED and _WORK, PGHOST ...,
CUSTOMER_HEALTH_SPARK_HOST ...) and the keys from dbt's manifest. The first engine is the one that
the others are held against. Rows are matched by the mart's key; texts, numbers, flags and dates
must be equal, decimals exactly, doubles bit by bit; so must names, order and types of the columns.
The exit status is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from customer_health import settings
from customer_health.documentation.manifest import key_of
from parity.readers import (
    Column,
    DuckDbReader,
    PostgresReader,
    Reader,
    SparkReader,
    is_number_without_value,
)

ENGINES = ("duckdb", "postgres", "spark")
MARTS = "marts"

# Compared as bags of rows: the other columns quote the source, each engine in its own way.
QUALITY = {
    "rejected_rows": ("source", "key", "reason_code", "row_count"),
    "value_findings": ("source", "key", "column_name", "reason_code"),
    "column_findings": ("source", "column_name", "value_count", "refused_count", "is_scored"),
}

# Columns of marts that no two builds share.
OF_ONE_BUILD = {("build_info", "invocation_id")}

# Types whose values have an order among each other.
NUMBERS = ("tinyint", "smallint", "integer", "bigint", "hugeint", "decimal", "float", "double")

SHOWN = 5

Key = tuple[tuple[bool, Any], ...]


@dataclass(frozen=True)
class Relation:
    """What is compared: the columns that rows are matched by, and all that count (None: all)."""

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...] | None = None


@dataclass
class Comparison:
    """The outcome for one relation: how many values differ per engine, and the first of them."""

    relation: str
    row_count: int = 0
    value_count: int = 0
    differing: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    @property
    def differing_count(self) -> int:
        """The number of differences on all engines together."""
        return sum(self.differing.values())

    def differs(self, engine: str, values: int, example: str) -> None:
        """Count `values` that differ on an engine, and keep the example if it is an early one."""
        self.differing[engine] += values
        if len(self.examples) < SHOWN:
            self.examples.append(f"{self.relation} {example}")


def relations_of(manifest: Path) -> list[Relation]:
    """Return the project's marts with their keys, and the tables of rejects and findings.

    The key is what the test `rules` says. A mart without that test has none.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    keys: dict[str, tuple[str, ...]] = {}
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        if test.get("name") == "rules" and (key := key_of(test["kwargs"])):
            keys[node["attached_node"]] = key
    relations = []
    for identity, node in nodes.items():
        if node["resource_type"] != "model":
            continue
        schema, name = node["config"]["schema"], node["alias"]
        if schema == MARTS:
            shared = tuple(
                column for column in node["columns"] if (name, column) not in OF_ONE_BUILD
            )
            columns = None if len(shared) == len(node["columns"]) else shared
            relations.append(Relation(schema, name, keys.get(identity, ()), columns))
        elif schema == "quality" and name in QUALITY:
            relations.append(Relation(schema, name, QUALITY[name], QUALITY[name]))
    return sorted(relations, key=lambda relation: (relation.schema, relation.name))


def compare_all(
    readers: Sequence[Reader], relations: Sequence[Relation], say: Callable[[str], None] = print
) -> int:
    """Compare everything and say one line per relation; return the number of differences.

    What an engine has in `marts` beside the given relations is a difference too.
    """
    others = [reader.engine for reader in readers[1:]]
    say(line("", "rows", "values", [f"{engine} differs" for engine in others]))
    known = {relation.name for relation in relations if relation.schema == MARTS}
    found = {name for reader in readers for name in reader.relations(MARTS)}
    unknown = [Relation(MARTS, name, ()) for name in sorted(found - known)]
    total = Comparison("in all", differing=dict.fromkeys(others, 0))
    for relation in (*relations, *unknown):
        outcome = compare(readers, relation)
        counts = [outcome.differing[engine] for engine in others]
        say(line(outcome.relation, outcome.row_count, outcome.value_count, counts))
        for example in outcome.examples:
            say(f"    {example}")
        total.row_count += outcome.row_count
        total.value_count += outcome.value_count
        for engine in others:
            total.differing[engine] += outcome.differing[engine]
    counts = [total.differing[engine] for engine in others]
    say(line(total.relation, total.row_count, total.value_count, counts))
    return total.differing_count


def line(name: str, rows: int | str, values: int | str, counts: Sequence[int | str]) -> str:
    """Return a line of the table."""
    cells = [f"{cell:,}" if isinstance(cell, int) else cell for cell in (rows, values, *counts)]
    widths = (11, 13, *(17 for _ in counts))
    numbers = [cell.rjust(width) for cell, width in zip(cells, widths, strict=True)]
    return f"{name:<38}{''.join(numbers)}"


def compare(readers: Sequence[Reader], relation: Relation) -> Comparison:
    """Compare a relation of all engines with that of the first one."""
    name = relation.name if relation.schema == MARTS else f"{relation.schema}.{relation.name}"
    engines = [reader.engine for reader in readers]
    outcome = Comparison(name, differing=dict.fromkeys(engines[1:], 0))
    columns = {reader.engine: columns_of(reader, relation) for reader in readers}
    compare_columns(outcome, columns)
    reference = columns[engines[0]]
    everywhere = [
        column.name
        for column in reference
        if all(column.name in {other.name for other in columns[engine]} for engine in engines)
    ]
    if not all(columns.values()):
        return outcome
    sort_orders = {order_of(relation.key, columns[engine]) for engine in engines}
    if not relation.key or len(sort_orders) > 1 or not set(relation.key) <= set(everywhere):
        key = f"the key {', '.join(relation.key)}" if relation.key else "no test rules"
        outcome.differs(engines[-1], 1, f"has {key}, by which its rows cannot be matched")
        return outcome
    streams = {
        reader.engine: reader.rows(relation.schema, relation.name, everywhere, relation.key)
        for reader in readers
    }
    compare_rows(outcome, streams, everywhere, reference, relation.key)
    return outcome


def columns_of(reader: Reader, relation: Relation) -> list[Column]:
    """Return the columns of a relation that count; none if the engine has no such relation."""
    if relation.name not in reader.relations(relation.schema):
        return []
    columns = reader.columns(relation.schema, relation.name)
    if relation.columns is None:
        return columns
    return [column for column in columns if column.name in relation.columns]


def order_of(key: Sequence[str], columns: Sequence[Column]) -> tuple[str, ...]:
    """Return by what kind of value each column of a key is sorted, `absent` if it is not there."""
    types = {column.name: column.type.partition("(")[0] for column in columns}
    kinds = (types.get(name, "absent") for name in key)
    return tuple("number" if kind in NUMBERS else kind for kind in kinds)


def compare_columns(outcome: Comparison, columns: Mapping[str, Sequence[Column]]) -> None:
    """Compare names, order and types of the columns; an absent relation has none."""
    (first, reference), *others = columns.items()
    if not any(columns.values()):
        for engine, _ in others:
            outcome.differs(engine, 1, "is on no engine")
        return
    for engine, actual in others:
        if actual == reference:
            continue
        if not actual or not reference:
            absent = first if actual else engine
            outcome.differs(engine, 1, f"is absent on {absent}")
            continue
        types = {column.name: column.type for column in reference}
        actual_types = {column.name: column.type for column in actual}
        for name in dict.fromkeys((*types, *actual_types)):
            here, there = types.get(name, "absent"), actual_types.get(name, "absent")
            if here != there:
                outcome.differs(engine, 1, f"column {name}: {first} {here}, {engine} {there}")
        if list(types) != list(actual_types) and types.keys() == actual_types.keys():
            outcome.differs(engine, 1, f"columns are in another order on {engine}")


def compare_rows(
    outcome: Comparison,
    streams: Mapping[str, Iterator[tuple]],
    columns: Sequence[str],
    reference: Sequence[Column],
    key: Sequence[str],
) -> None:
    """Compare rows that come sorted by `key`, holding one of each engine at a time."""
    first, *others = streams
    types = {column.name: column.type for column in reference}
    doubles = [i for i, column in enumerate(columns) if types[column] in ("double", "float")]
    positions = [columns.index(name) for name in key]
    for rows in merged(streams, positions):
        expected = rows[first]
        outcome.row_count += expected is not None
        outcome.value_count += len(columns) * (None not in rows.values())
        for engine in others:
            actual = rows[engine]
            if actual == expected and (actual is None or zeros_agree(expected, actual, doubles)):
                continue
            if expected is None or actual is None:
                there, absent = (engine, first) if expected is None else (first, engine)
                row = expected if actual is None else actual
                which = described(row, columns, positions)
                outcome.differs(engine, len(columns), f"{which}: on {there}, not on {absent}")
                continue
            for position, column in enumerate(columns):
                if not same(expected[position], actual[position]):
                    values = ", ".join(
                        f"{name} {'no row' if row is None else repr(row[position])}"
                        for name, row in rows.items()
                    )
                    which = described(expected, columns, positions)
                    outcome.differs(engine, 1, f"{which} {column}: {values}")


def merged(
    streams: Mapping[str, Iterator[tuple]], positions: Sequence[int]
) -> Iterator[dict[str, tuple | None]]:
    """Yield for each key the row of every engine, None where an engine has no such row.

    Rows with the same key are paired in the order in which they come.
    """
    heads = {engine: following(stream, positions, engine) for engine, stream in streams.items()}
    while keys := [head[0] for head in heads.values() if head is not None]:
        lowest = min(keys)
        rows: dict[str, tuple | None] = {}
        for engine, head in heads.items():
            if head is None or head[0] != lowest:
                rows[engine] = None
                continue
            rows[engine] = head[1]
            heads[engine] = following(streams[engine], positions, engine, lowest)
        yield rows


def following(
    stream: Iterator[tuple], positions: Sequence[int], engine: str, previous: Key = ()
) -> tuple[Key, tuple] | None:
    """Return the next row with its key, None at the end; NULL sorts before everything.

    Raises ValueError if the engine's rows are not sorted: the merge would then miss pairs.
    """
    row = next(stream, None)
    if row is None:
        return None
    key = tuple((row[position] is not None, row[position]) for position in positions)
    if key < previous:
        raise ValueError(f"{engine} sorts {key} after {previous}")
    return key, row


def zeros_agree(expected: tuple, actual: tuple, doubles: Sequence[int]) -> bool:
    """Whether equal rows are so bit by bit: zero has two signs, which Python calls equal."""
    return all(
        expected[position] != 0 or same(expected[position], actual[position])
        for position in doubles
    )


def same(expected: Any, actual: Any) -> bool:
    """Whether two values are the same: NULL is NULL only, and doubles agree bit by bit."""
    if expected is None or actual is None:
        return expected is None and actual is None
    if is_number_without_value(expected) or is_number_without_value(actual):
        return is_number_without_value(expected) and is_number_without_value(actual)
    if isinstance(expected, float) and isinstance(actual, float) and expected == actual == 0:
        return math.copysign(1, expected) == math.copysign(1, actual)
    return expected == actual


def described(row: tuple, columns: Sequence[str], positions: Sequence[int]) -> str:
    """Return the key of a row as `name=value`."""
    return " ".join(f"{columns[position]}={row[position]!r}" for position in positions)


def reader_of(engine: str, environment: Mapping[str, str]) -> Reader:
    """Return the reader of the engine's build that the environment points to."""
    if engine == "postgres":
        return PostgresReader(environment)
    if engine == "spark":
        return SparkReader(environment)
    published = environment.get("CUSTOMER_HEALTH_PUBLISHED", settings.published_file())
    work_file = environment.get("CUSTOMER_HEALTH_WORK", settings.work_file())
    return DuckDbReader(Path(published), Path(work_file))


def engine_list(text: str) -> list[str]:
    """Return the engines of a comma-separated option, in its order."""
    engines = list(dict.fromkeys(text.split(",")))
    if unknown := [engine for engine in engines if engine not in ENGINES]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is not one of {', '.join(ENGINES)}")
    return engines


def main() -> int:
    """Compare the builds that the environment points to; return the exit status."""
    parser = argparse.ArgumentParser(description="Compare the marts of several engines.")
    parser.add_argument("--engines", type=engine_list, default=list(ENGINES), metavar="A,B")
    parser.add_argument(
        "--manifest", type=Path, default=Path("target/manifest.json"), metavar="FILE"
    )
    options = parser.parse_args()
    if len(options.engines) < 2:
        parser.error("a comparison needs two engines")
    with ExitStack() as stack:
        readers = [
            stack.enter_context(closing(reader_of(engine, os.environ)))
            for engine in options.engines
        ]
        return int(compare_all(readers, relations_of(options.manifest)) > 0)


if __name__ == "__main__":
    sys.exit(main())
