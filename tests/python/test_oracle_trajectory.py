"""account_trajectory against an independent implementation, over series made to be awkward.

The series are written into the history as it would be stored; dbt builds the mart alone.
"""

from __future__ import annotations

import csv
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import dbt  # noqa: E402
from oracle import trajectory as oracle  # noqa: E402
from oracle.building import read_table  # noqa: E402
from oracle.compare import compare, report  # noqa: E402
from oracle.trajectory import Settings, Slice  # noqa: E402

END = date(2026, 6, 1)
DEFAULTS = Settings()
# Another window, daily tolerances, and scores of all policies.
OTHERS = Settings(
    window_weeks=6,
    recovery_look_back_weeks=9,
    dead_band=Decimal("2.5"),
    acceleration=Decimal("0.001"),
    turning_tolerance=Decimal(0),
    confirming_slices=1,
    min_slices=2,
    min_half_slices=2,
    min_span_days=1,
    change_tolerance_days=0,
    across_policies=True,
)


def series(
    name: str, scores: Iterable[Any], every: int = 7, last: date = END, **more: str
) -> list[Slice]:
    """Scores from the oldest to the newest, one every so many days; "-" is an absent slice."""
    scores = list(scores)
    dates = [
        last - timedelta(days=every * (len(scores) - 1 - place)) for place in range(len(scores))
    ]
    return [
        Slice(name, day, None if score is None else Decimal(str(score)), **more)
        for day, score in zip(dates, scores, strict=True)
        if score != "-"
    ]


def line(start: float, end: float, count: int) -> list[Decimal]:
    """Scores on a straight line, both ends included."""
    step = (Decimal(str(end)) - Decimal(str(start))) / (count - 1)
    return [
        (Decimal(str(start)) + place * step).quantize(Decimal("0.000001")) for place in range(count)
    ]


# Series -> the state and the days from the turning point to the end, worked out by hand.
NAMED: dict[str, tuple[list[Slice], str, int | None]] = {
    name: (series(name, scores, **more), state, turned)
    for name, scores, more, state, turned in [
        ("flat", [60] * 27, {}, "stable", None),
        ("within the band", [60, 65, 58, 62, 60], {}, "stable", None),
        ("exactly the band", line(65, 60, 14), {}, "stable", None),
        ("just beyond the band", line("65.000001", 60, 14), {}, "declining", 77),
        ("slow decline", line(70, 57, 14), {}, "declining", 84),
        ("cliff", [70] * 12 + [50, 50], {}, "accelerating_decline", 14),
        ("cliff this week", [70] * 13 + [50], {}, "accelerating_decline", 7),
        ("old cliff", [70] * 5 + [50] * 9, {}, "declining", 63),
        ("rise", line(50, 70, 14), {}, "improving", 91),
        ("75, was 90", line(90, 75, 14), {}, "declining", 91),
        ("75, was 60", line(60, 75, 14), {}, "improving", 91),
        ("recovery", line(80, 60, 7) + line(63, 75, 7), {}, "recovering", 49),
        ("recovery that began before", line(80, 60, 14) + line(61, 70, 14), {}, "recovering", 84),
        ("fall too long ago", [80, 80] + [60] * 26 + [60, 67], {}, "improving", 7),
        ("more than recovered", [70, 70, 60, 60, *line(60, 90, 10)], {}, "improving", 63),
        ("as high as before and the band", [70, 70, 60, 60, 65, 75], {}, "recovering", 14),
        ("rose, then fell", line(60, 90, 7) + line(88, 72, 7), {}, "accelerating_decline", 49),
        ("fell, rose, fell", [90, 90, 60, 60, 80, 80, 66, 66], {}, "declining", 14),
        ("rose, fell, rose", [60, 60, 90, 90, 62, 62, 75, 75], {}, "recovering", 14),
        ("one spike", [60] * 6 + [75] + [60] * 7, {}, "stable", None),
        ("one dip", [60] * 6 + [45] + [60] * 7, {}, "stable", None),
        ("new", [60, 70, 80], {}, "insufficient_history", None),
        ("new, four slices", [60, 62, 64, 66], {}, "improving", 21),
        ("four days", [60, 70, 80, 90], {"every": 1}, "insufficient_history", None),
        ("daily decline", line(80, 60, 92), {"every": 1}, "declining", 87),
        ("one slice", [60], {}, "insufficient_history", None),
        ("Unscored now", [60] * 13 + [None], {}, "insufficient_history", None),
        ("Unscored always", [None] * 14, {}, "insufficient_history", None),
        ("Unscored between", [60, 60, None, None, 60, 60], {}, "stable", None),
        ("gap", [80, 80, 80, *["-"] * 8, 60, 60, 60], {}, "declining", 77),
        ("returned", [80, 80, "-", "-", 80, "-", 79, 80], {}, "stable", None),
        ("vanished", line(80, 60, 14), {"last": END - timedelta(days=91)}, "declining", 91),
        ("extremes", [100] * 7 + [0] * 7, {}, "declining", 49),
        ("monthly", [80, 75, 70, 65], {"every": 30}, "declining", 90),
    ]
}
# 92 days are outside the window of any account that is still there.
GONE = series("gone", [80] * 5, last=END - timedelta(days=92))


def another_policy() -> list[Slice]:
    """Three slices under an older version, three under another policy, five under today's."""
    return [
        *series("policies", [90] * 3, last=END - timedelta(days=56), policy_version="v0"),
        *series("policies", [40] * 3, last=END - timedelta(days=35), policy="other"),
        *series("policies", [70] * 5),
    ]


def wandering(seed: int, count: int) -> Iterator[Slice]:
    """Random walks with gaps, Unscored slices and uneven dates; the same for each seed."""
    chance = random.Random(seed)
    for place in range(count):
        score, day = Decimal(chance.randrange(100_000_001)).scaleb(-6), END
        step = chance.choice([1, 20_000, 1_000_000, 4_000_000, 15_000_000])
        for _ in range(chance.choice([1, 3, 5, 15, 40, 120])):
            unknown = chance.random() < 0.03
            version = "v0" if chance.random() < 0.02 else "v1"
            shown = None if unknown else score
            yield Slice(f"walk {place}", day, shown, policy_version=version)
            moved = score + Decimal(chance.randint(-step, step)).scaleb(-6)
            score = min(Decimal(100), max(Decimal(0), moved))
            day -= timedelta(days=chance.choice([1, 6, 7, 7, 7, 8, 14, 30]))


SERIES = [
    *(one for slices, _, _ in NAMED.values() for one in slices),
    *GONE,
    *another_policy(),
    *wandering(42, 1500),
]


def test_the_settings_are_the_published_ones() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    block = project["vars"]["customer_health"]["customer_health_trajectory"]
    assert {name: getattr(DEFAULTS, name) for name in block} == block
    assert block.keys() == DEFAULTS.__dict__.keys()


@pytest.mark.parametrize("name", NAMED)
def test_state_worked_out_by_hand(name: str) -> None:
    slices, state, turned = NAMED[name]
    # Alone: an account that has vanished does not end the history.
    [row] = oracle.trajectories(slices, DEFAULTS)
    turning_point = turned and slices[-1].as_of_date - timedelta(days=turned)
    assert (row["trajectory_state"], row["turning_point_on"]) == (state, turning_point)


def test_who_has_vanished_longer_ago_than_the_window_has_no_row() -> None:
    rows = {row["account_id"]: row for row in oracle.trajectories(SERIES, DEFAULTS)}
    assert "gone" not in rows
    assert rows["vanished"]["is_in_newest_slice"] is False
    assert rows["policies"]["scored_slice_count"] == 5
    assert rows["policies"]["slice_count"] == 11


def test_the_series_reach_every_state() -> None:
    for settings in (DEFAULTS, OTHERS):
        states = Counter(row["trajectory_state"] for row in oracle.trajectories(SERIES, settings))
        assert len(states) == 6, states
        assert min(states.values()) >= 10, states


def write_history(work_file: Path, slices: Iterable[Slice]) -> None:
    """A work file with nothing but the history, and the table that the run looks for."""
    columns = yaml.safe_load(
        (ROOT / "models/staging/salesforce/_salesforce__sources.yml").read_text(encoding="utf-8")
    )["sources"][0]["tables"][0]["columns"]
    typed = ", ".join(f"{column['name']} {column['data_type']}" for column in columns)
    with duckdb.connect(str(work_file)) as connection:
        connection.execute("create schema raw; create schema marts")
        connection.execute(f"create table raw.salesforce__customer_360_view ({typed})")
        connection.execute(
            "create table marts.account_health_history (account_id varchar, as_of_date date, "
            "health_score decimal(9, 6), health_band varchar, policy varchar, "
            "policy_version varchar)"
        )
        # A file, because rows one by one take minutes.
        written = work_file.with_name("history.csv")
        with written.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                [
                    one.account_id,
                    one.as_of_date,
                    "" if one.health_score is None else one.health_score,
                    one.health_band,
                    one.policy,
                    one.policy_version,
                ]
                for one in slices
            )
        connection.execute(f"copy marts.account_health_history from '{written}'")


def build(folder: Path, slices: Iterable[Slice], settings: Settings) -> Path:
    """Build account_trajectory over these slices; return the work file."""
    work_file = folder / "work.duckdb"
    write_history(work_file, slices)
    block = {
        name: float(value) if isinstance(value, Decimal) else value
        for name, value in settings.__dict__.items()
    }
    variables = {
        "as_of_date": END.isoformat(),
        "customer_health_subjects": ["account_health", "trajectory"],
        "customer_health_trajectory": block,
    }
    dbt(
        *("run", "--select", "account_trajectory"),
        variables=variables,
        environment={"CUSTOMER_HEALTH_TARGET": "duckdb", "CUSTOMER_HEALTH_WORK": str(work_file)},
        folder=folder,
    )
    return work_file


@pytest.mark.parametrize("settings", (DEFAULTS, OTHERS), ids=("published", "others"))
def test_mart_holds_what_the_oracle_computes(settings: Settings, tmp_path: Path) -> None:
    table = read_table(build(tmp_path, SERIES, settings), "marts", "account_trajectory")
    expected = oracle.trajectories(SERIES, settings)
    differences = compare(table, ["account_id"], expected, expected[0].keys())
    assert not differences, report(differences)
