"""Compare a mart with the rows that the oracle expects, cell by cell.

Published figures must agree to the last digit of their column, doubles that merely echo an input
bit by bit. A few doubles are computed from many others (quantiles, standard deviation,
correlation); they may differ by the noise of floating point.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .exact import round_half_up

Row = Mapping[str, Any]

SHOWN = 10
DECIMAL_TYPE = re.compile(r"DECIMAL\(\d+, ?(\d+)\)", re.IGNORECASE)

# Doubles that are computed from many doubles: column -> allowed relative difference.
COMPUTED_DOUBLES = {
    "median": 1e-12,
    "median_health_score": 1e-12,
    "lower_bound": 1e-12,
    "contribution_sd": 1e-9,
    "variance_share": 1e-9,
    "health_forecast_correlation": 1e-9,
}


@dataclass(frozen=True)
class Table:
    """A table as it was read: column -> type, and the rows."""

    name: str
    types: Mapping[str, str]
    rows: Sequence[Row]


def compare(
    table: Table,
    key: Sequence[str],
    expected: Iterable[Row],
    required: Iterable[str] = (),
    unchecked: Iterable[str] = (),
) -> list[str]:
    """Return one line per difference: mart, key, column, expected, actual.

    The mart must have the `required` columns besides its key. Each further column must be known
    to the oracle or be listed in `unchecked`.
    """
    absent = [column for column in (*key, *required) if column not in table.types]
    if absent:
        return [f"{table.name}: no column {', '.join(absent)} in {', '.join(table.types)}"]

    wanted = {key_of(row, key): row for row in expected}
    found = {key_of(row, key): row for row in table.rows}
    known = {column for row in wanted.values() for column in row}
    differences = []
    if wanted:
        unknown = [name for name in table.types if name not in known and name not in unchecked]
        differences += [f"{table.name}: column {name} is not checked" for name in unknown]
    counts = Counter(key_of(row, key) for row in table.rows)
    differences += [
        f"{table.name} {name}: {count} rows with this key"
        for name, count in counts.items()
        if count > 1
    ]
    differences += [f"{table.name} {name}: row is absent" for name in wanted if name not in found]
    differences += [f"{table.name} {name}: unexpected row" for name in found if name not in wanted]
    columns = [column for column in table.types if column in known and column not in key]
    for name, row in wanted.items():
        if name not in found:
            continue
        for column in columns:
            value, actual = row.get(column), found[name][column]
            if not agree(value, actual, column, table.types[column]):
                shown = show(value, table.types[column])
                differences.append(
                    f"{table.name} {name} {column}: expected {shown}, actual {actual!r}"
                )
    return differences


def key_of(row: Row, key: Sequence[str]) -> tuple:
    """The key of a row."""
    return tuple(row[column] for column in key)


def agree(expected: Any, actual: Any, column: str, data_type: str) -> bool:
    """Whether a cell holds the expected value, to the precision of its type."""
    if expected is None or actual is None:
        return expected is None and actual is None
    if isinstance(expected, bool) or isinstance(actual, bool):
        return isinstance(actual, bool) and actual == bool(expected)
    if isinstance(actual, Decimal):
        return not isinstance(expected, str) and actual == published(expected, data_type)
    if isinstance(actual, float):
        tolerance = COMPUTED_DOUBLES.get(column, 0.0)
        return math.isclose(actual, float(expected), rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(expected, datetime) and not isinstance(actual, datetime):
        return isinstance(actual, date) and actual == expected.date()
    return actual == expected


def published(value: int | float | Decimal | Fraction, data_type: str) -> Decimal:
    """The value with the number of places that its column has."""
    scale = DECIMAL_TYPE.fullmatch(data_type)
    return round_half_up(value, int(scale.group(1)) if scale else 6)


def show(value: Any, data_type: str) -> str:
    """An expected value in the form of its column."""
    if isinstance(value, (Decimal, Fraction)) and DECIMAL_TYPE.fullmatch(data_type):
        return str(published(value, data_type))
    return repr(float(value)) if isinstance(value, Fraction) else repr(value)


def report(differences: Sequence[str]) -> str:
    """The first differences, for the message of a failing test."""
    more = len(differences) - SHOWN
    lines = [*differences[:SHOWN], *([f"... and {more} more"] if more > 0 else [])]
    return "\n".join([f"{len(differences)} differences", *lines])
