"""What the demo plants in its history is what account_trajectory reads from it, kind by kind.

`pytest -s` prints the share of each kind that is recognised. The truth lies beside the demo's
tables, where the loader does not look.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import demo_build  # noqa: E402
from oracle.building import read_table  # noqa: E402

FALLING = {"declining", "accelerating_decline"}
MOVING = FALLING | {"improving", "recovering", "stable"}

# Kind -> the states that recognise it, and the share that must be.
# A season is read as the leg that it is in.
KINDS: dict[str, tuple[set[str], float]] = {
    "steady": ({"stable"}, 0.99),
    "gap": ({"stable"}, 0.95),
    "slow_decline": (FALLING, 0.95),
    "cliff": (FALLING, 0.95),
    "recovery": ({"recovering"}, 0.95),
    "recovered": ({"stable", "recovering"}, 0.95),
    "new_account": ({"stable", "insufficient_history"}, 0.95),
    "seasonal": (MOVING, 0.95),
    "departed_after_decline": (FALLING, 0.90),
    "departed_silently": ({"stable"}, 0.90),
}


@dataclass(frozen=True)
class Planted:
    """What was planted in an account, and what was read from its scores."""

    kind: str
    turning_on: date | None
    row: dict

    @property
    def is_recognised(self) -> bool:
        """Whether the state is one of its kind's; insufficient_history just for few slices."""
        state = self.row["trajectory_state"]
        is_short = self.row["scored_slice_count"] < 4
        return state in KINDS[self.kind][0] and (state == "insufficient_history") == is_short


@pytest.fixture(scope="module")
def planted() -> list[Planted]:
    """The accounts of the default demo that have a trajectory."""
    folder = demo_build()
    raw, work_file = folder / "raw", folder / "work.duckdb"
    rows = {
        row["account_id"]: row for row in read_table(work_file, "marts", "account_trajectory").rows
    }
    with (raw / "demo_truth" / "account_trajectories.csv").open(encoding="utf-8") as file:
        return [
            Planted(
                line["kind"],
                date.fromisoformat(line["turning_date"]) if line["turning_date"] else None,
                rows[line["account_id"]],
            )
            for line in csv.DictReader(file)
            if line["account_id"] in rows
        ]


def test_planted_trajectories_are_recognised(planted: list[Planted]) -> None:
    states: dict[str, Counter[str]] = defaultdict(Counter)
    recognised: Counter[str] = Counter()
    for one in planted:
        states[one.kind][one.row["trajectory_state"]] += 1
        recognised[one.kind] += one.is_recognised
    shares = {kind: recognised[kind] / counts.total() for kind, counts in states.items()}
    for kind, counts in sorted(states.items()):
        read_as = ", ".join(f"{state} {count}" for state, count in counts.most_common())
        print(f"{kind:24}{counts.total():6,}{shares[kind]:9.1%}  {read_as}")
    assert shares.keys() == KINDS.keys()
    assert {kind: share for kind, share in shares.items() if share < KINDS[kind][1]} == {}


@pytest.mark.parametrize("kind", ("cliff", "recovery"))
def test_turning_points_are_found_to_the_week(planted: list[Planted], kind: str) -> None:
    differences = Counter(
        abs((one.row["turning_point_on"] - one.turning_on).days)
        for one in planted
        if one.kind == kind and one.is_recognised
    )
    print(kind, "days beside the planted turning point:", dict(differences))
    assert (
        sum(count for days, count in differences.items() if days <= 7) >= 0.9 * differences.total()
    )
