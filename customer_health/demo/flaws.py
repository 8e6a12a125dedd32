"""Planted errors: which rows of a table get one, and the expression that spoils the value."""

from collections.abc import Mapping

from customer_health.demo.draws import Draws
from customer_health.sql import literal

# Name of a flaw -> its share of the rows, the column, and the expression that takes its place.
Flaws = Mapping[str, tuple[float, str, str]]


def drawn(draws: Draws, stream: str, flaws: Flaws) -> str:
    """Return the name of the row's flaw, at most one of `flaws`; NULL for most rows."""
    return draws.choose(stream, {name: share for name, (share, _, _) in flaws.items()})


def spoilt(kinds: Mapping[str, Flaws]) -> str:
    """Return the columns that flaws may spoil, each as `<expression> as <column>`.

    The keys of `kinds` are the columns that hold the names drawn; the first kind wins.
    """
    rungs: dict[str, list[str]] = {}
    for kind, flaws in kinds.items():
        for name, (_, column, spoiler) in flaws.items():
            rungs.setdefault(column, []).append(f"when {kind} = {literal(name)} then {spoiler}")
    return ",\n                ".join(
        f"case {' '.join(whens)} else {column} end as {column}" for column, whens in rungs.items()
    )
