"""Labels, and scores measured against outcomes, against an independent implementation.

The SQL of the models is compiled once per set of settings and run on tables made up here: histories
with gaps, accounts without outcomes, several outcomes, scores that are all alike or all absent.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from oracle import learning as oracle  # noqa: E402
from oracle.building import Compiled  # noqa: E402
from oracle.compare import Table, compare, report  # noqa: E402
from oracle.exact import round_half_up  # noqa: E402
from oracle.learning import Outcome, Play, Settings, Slice, World  # noqa: E402

TODAY = date(2026, 6, 1)
PUBLISHED = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "customer_health"
]
# Other settings: short horizons, few events, shares that leave a rest.
OTHERS = Settings(
    label_every_days=10,
    horizon_days=30,
    test_days=60,
    min_events=5,
    capacity_share=Fraction(333333, 1000000),
    smoothing=Fraction(1),
    moved=Fraction(1, 1000),
    unstable=Fraction(5, 100),
    top_share=Fraction(7, 100),
    calibration_parts=4,
    risk_look_back_days=40,
    min_group=3,
    short_notice=7,
    long_notice=15,
)
# Models in the order in which they are built.
MODELS = {
    "int_learning_dates": "intermediate",
    "int_learning_accounts": "intermediate",
    "outcome_labels": "marts",
    "int_learning_scores": "intermediate",
    "int_learning_score_events": "intermediate",
    "int_learning_score_ranks": "intermediate",
    "int_learning_score_parts": "intermediate",
    "int_learning_score_values": "intermediate",
    "int_learning_label_health": "intermediate",
    "score_validation": "marts",
    "score_calibration": "marts",
    "missed_churners": "marts",
    "false_alarms": "marts",
    "churn_reasons": "marts",
    "intervention_effects": "marts",
}
# Mart -> its key and what the oracle says of it.
EXPECTED = {
    "outcome_labels": (("as_of_date", "account_id"), oracle.labels),
    "score_validation": (("score", "period"), oracle.validation),
    "score_calibration": (("score", "period", "part"), oracle.calibration),
    "missed_churners": (("account_id",), oracle.missed_churners),
    "false_alarms": (("account_id",), oracle.false_alarms),
    "churn_reasons": (("segment", "reason"), oracle.churn_reasons),
    "intervention_effects": (("play", "scenario"), oracle.intervention_effects),
}
# Sums of rounded terms may differ in the last places.
ROUNDED_TERMS = {
    *("top_lift", "capacity_precision", "capacity_recall", "capacity_arr_recall"),
    *("brier_score", "log_loss", "stability_index"),
    *("difference", "difference_lower", "difference_upper"),
}
TOLERANCE = Decimal("0.000005")
INPUTS = {
    "marts.account_health_history": (
        "account_id varchar, as_of_date date, health_score decimal(9, 6), health_band varchar,"
        " account_size_segment varchar, policy varchar, policy_version varchar"
    ),
    "marts.alert_history": "account_id varchar, opened_on date",
    "staging.stg_outcomes__account_outcomes": (
        "account_id varchar, outcome_date date, outcome varchar, arr decimal(28, 6), reason varchar"
    ),
    "staging.stg_learning__account_signals": (
        "account_id varchar, as_of_date date, signal varchar, value double, segment varchar"
    ),
    "intermediate.int_churn_probabilities": (
        "account_id varchar, as_of_date date, churn_probability decimal(9, 6)"
    ),
    "intermediate.int_account_scorecard_bins": (
        "account_id varchar, as_of_date date, signal varchar, unusual_points bigint,"
        " is_own_scope boolean"
    ),
    "staging.stg_learning__account_interventions": (
        "account_id varchar, started_on date, play varchar, scenario varchar, is_hold_out boolean,"
        " outcome varchar"
    ),
}


def variables(settings: Settings) -> dict[str, Any]:
    """The settings as dbt variables."""
    blocks = {
        name: dict(PUBLISHED[name])
        for name in (
            "customer_health_learning",
            "customer_health_validation",
            "customer_health_alerts",
        )
    }
    learning, validation, alerts = blocks.values()
    for name in ("label_every_days", "horizon_days", "test_days", "min_events"):
        learning[name] = getattr(settings, name)
    learning["capacity_share"] = float(settings.capacity_share)
    learning["smoothing"] = float(settings.smoothing)
    learning["stability"] = {"moved": float(settings.moved), "unstable": float(settings.unstable)}
    validation["top_share"] = float(settings.top_share)
    for name in ("calibration_parts", "risk_look_back_days", "min_group"):
        validation[name] = getattr(settings, name)
    alerts["notice_days"] = {"short": settings.short_notice, "long": settings.long_notice}
    return {"as_of_date": str(TODAY), **blocks}


class Warehouse(Compiled):
    """The tables that the models read, and the models built from them."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__(MODELS, INPUTS, variables(settings), folder)

    def build_world(self, world: World) -> None:
        """Fill the inputs and build every model."""
        rows: dict[str, Sequence[Sequence[Any]]] = {
            "marts.account_health_history": [
                (
                    *(one.account_id, one.as_of_date, one.health_score, one.health_band),
                    *(one.segment, one.policy, "v1"),
                )
                for one in world.slices
            ],
            "marts.alert_history": world.alerts,
            "staging.stg_outcomes__account_outcomes": [
                (one.account_id, one.day, one.outcome, one.arr, one.reason)
                for one in world.outcomes
            ],
            "staging.stg_learning__account_signals": [],
            "intermediate.int_churn_probabilities": [
                (*place, probability) for place, probability in world.probabilities.items()
            ],
            # What another scorecard says does not count.
            "intermediate.int_account_scorecard_bins": [
                row
                for place, points in world.signals.items()
                for signal, of_signal in points.items()
                for row in (
                    (*place, signal, of_signal, True),
                    (*place, signal, -3 * of_signal, False),
                )
            ],
            "staging.stg_learning__account_interventions": [
                (
                    *(one.account_id, one.started_on, one.play, one.scenario),
                    *(one.is_hold_out, one.outcome),
                )
                for one in world.plays
            ],
        }
        self.build(rows)

    def check(self, world: World) -> dict[str, list[dict[str, Any]]]:
        """Build the models and compare each mart with the oracle; return the oracle's rows."""
        self.build_world(world)
        differences, told = [], {}
        for name, (key, function) in EXPECTED.items():
            expected = function(world)
            table = self.read(name)
            differences += compare(table, key, near(table, key, expected))
            told[name] = expected
        assert not differences, report(differences)
        return told


def near(
    table: Table, key: Sequence[str], expected: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The expected rows; what differs by less than the rounding of terms is taken as found."""
    found = {tuple(row[column] for column in key): row for row in table.rows}
    result = []
    for row in expected:
        actual = found.get(tuple(row[column] for column in key), {})
        close = {
            column: actual[column]
            for column in ROUNDED_TERMS & row.keys() & actual.keys()
            if row[column] is not None
            and actual[column] is not None
            and abs(actual[column] - round_half_up(row[column])) <= TOLERANCE
        }
        result.append({**row, **close})
    return result


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(Settings(), tmp_path_factory.mktemp("published"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return Warehouse(OTHERS, tmp_path_factory.mktemp("others"))


def random_world(
    seed: int, settings: Settings, accounts: int, weeks: int, churn: float, digits: int = 6
) -> World:
    """Accounts whose risk depends on their score; slices are missing here and there."""
    dice = random.Random(seed)
    days = [TODAY - timedelta(days=7 * back) for back in range(weeks)][::-1]
    slices, outcomes, alerts, plays = [], [], [], []
    probabilities, signals = {}, {}
    for number in range(accounts):
        name = f"a{number}"
        segment = dice.choice(["Large", "Mid-Market", None])
        score = dice.uniform(10, 95)
        gone = None
        for day in days[dice.randrange(weeks) :]:
            score = min(max(score + dice.gauss(0, 3), 0), 100)
            if dice.random() < churn * (1 - score / 110):
                gone = day + timedelta(days=dice.randrange(7))
            if dice.random() < 0.95:
                value = None if dice.random() < 0.03 else round(Decimal(score), digits)
                policy = "run_rate" if dice.random() < 0.97 else "win_probability"
                slices.append(Slice(name, day, value, segment, policy))
            if slices and slices[-1].as_of_date == day and dice.random() < 0.9:
                odds = Decimal((100 - score) / 200 + dice.uniform(0, 0.1))
                probabilities[name, day] = round(odds * dice.choice([0, 1, 1, 1]), max(digits, 1))
            if day.day < 15:
                signals[name, day] = {
                    signal: dice.randrange(-3, 4)
                    for signal in ("health_score", "activity", "contacts", "pipeline", "revenue")
                }
            if dice.random() < 0.02:
                alerts.append((name, day))
            if dice.random() < 0.02:
                arr = Decimal(dice.randrange(10**9)).scaleb(-2)
                kind = dice.choice(["renewed", "expanded", "contracted"])
                outcomes.append(Outcome(name, day, kind, arr))
            if dice.random() < 0.02:
                plays.append(
                    Play(
                        name,
                        day,
                        dice.choice(["call", "offer"]),
                        dice.choice(["low_adoption", "budget"]),
                        dice.random() < 0.4,
                        dice.choice([None, None, "saved", "lost"]),
                    )
                )
            if gone is not None and gone <= TODAY:
                arr = None if dice.random() < 0.1 else Decimal(dice.randrange(10**9)).scaleb(-2)
                reason = dice.choice(["Budget", "Competitor", None])
                outcomes.append(Outcome(name, gone, "churned", arr, reason))
                # Some come back.
                if dice.random() < 0.9:
                    break
                gone = None
    unique = {(one.account_id, one.day, one.outcome): one for one in outcomes}
    return World(
        TODAY, slices, list(unique.values()), alerts, plays, probabilities, signals, settings
    )


@pytest.mark.parametrize("seed", range(2))
def test_random_histories_under_the_published_settings(published: Warehouse, seed: int) -> None:
    # Scores without decimals have many ties.
    world = random_world(seed, Settings(), 600, 95, 0.05, digits=0 if seed == 1 else 6)
    told = published.check(world)
    measured = {(row["score"], row["period"]): row for row in told["score_validation"]}
    assert len(measured) == 6
    assert {row["status"] for row in measured.values()} == {"measured", "too recent"}
    assert measured["health_score", "test"]["auc"] > Fraction(55, 100)
    assert not oracle.leaks(told["outcome_labels"], 90)
    assert told["missed_churners"]
    assert told["false_alarms"]


@pytest.mark.parametrize("seed", range(10, 22))
def test_random_histories_under_other_settings(others: Warehouse, seed: int) -> None:
    dice = random.Random(seed)
    world = random_world(
        seed,
        OTHERS,
        dice.choice([3, 30, 120]),
        dice.choice([3, 12, 40]),
        dice.choice([0.0, 0.02, 0.2]),
        dice.choice([0, -1, 6]),
    )
    others.check(world)


# The bad inputs of which the project has been asked.


def cohort(
    count: int, churned: int, day: date = TODAY - timedelta(days=10), score: int | None = None
) -> tuple[list[Slice], list[Outcome]]:
    """Weekly slices of a year for so many accounts, the first of which churn on a day."""
    days = [TODAY - timedelta(days=7 * back) for back in range(52)][::-1]
    slices = [
        Slice(f"a{number}", one, Decimal(number % 100 if score is None else score))
        for number in range(count)
        for one in days
        if number >= churned or one < day
    ]
    return slices, [Outcome(f"a{number}", day) for number in range(churned)]


def figures(row: Mapping[str, Any]) -> set[str]:
    """The figures about outcomes that a row has."""
    ours = set(oracle.FIGURES) - {"stability_index", "stability"}
    return {name for name in ours if row[name] is not None}


def test_five_events_give_no_figure(published: Warehouse) -> None:
    slices, outcomes = cohort(50, 5, TODAY - timedelta(days=20))
    world = World(TODAY, slices, outcomes)
    for row in published.check(world)["score_validation"]:
        assert row["status"] in ("insufficient outcomes", "too recent")
        assert not figures(row)


def test_five_events_are_enough_where_the_settings_say_so(others: Warehouse) -> None:
    slices, outcomes = cohort(50, 5, TODAY - timedelta(days=20))
    told = others.check(World(TODAY, slices, outcomes, settings=OTHERS))
    test = next(row for row in told["score_validation"] if row["period"] == "test")
    assert (test["status"], test["event_count"]) == ("measured", 5)
    assert test["auc"] > Fraction(9, 10)


def test_without_outcomes(published: Warehouse) -> None:
    slices, _ = cohort(30, 0)
    told = published.check(World(TODAY, slices))
    assert {row["status"] for row in told["score_validation"]} == {
        "insufficient outcomes",
        "too recent",
    }
    assert not told["churn_reasons"]


def test_everybody_churned(others: Warehouse) -> None:
    slices, outcomes = cohort(20, 20, TODAY - timedelta(days=5))
    world = World(TODAY, slices, outcomes, settings=OTHERS)
    told = others.check(world)
    by_period = {row["period"]: row for row in told["score_validation"]}
    assert by_period["test"]["churned_count"] > 0
    # With one class only there is nothing to tell apart.
    day = TODAY - timedelta(days=45)
    only = [Slice(f"b{number}", day, Decimal(number)) for number in range(20)]
    gone = [Outcome(one.account_id, TODAY - timedelta(days=20)) for one in only]
    told = others.check(World(TODAY, only, gone, settings=OTHERS))
    row = next(row for row in told["score_validation"] if row["period"] == "test")
    assert row["status"] == "only churned"
    assert not figures(row)


def test_outcomes_before_the_first_score_and_of_unknown_accounts(others: Warehouse) -> None:
    slices, outcomes = cohort(40, 8, TODAY - timedelta(days=20))
    early = [Outcome(f"a{number}", date(2020, 1, 1)) for number in range(20, 30)]
    unknown = [Outcome("never scored", TODAY - timedelta(days=20))]
    world = World(TODAY, slices, [*outcomes, *early, *unknown], settings=OTHERS)
    told = others.check(world)
    # Who had churned before the first score has no label.
    assert not {row["account_id"] for row in told["outcome_labels"]} & {"a25", "never scored"}


def test_several_outcomes_of_one_account(others: Warehouse) -> None:
    slices, outcomes = cohort(40, 8, TODAY - timedelta(days=20))
    more = [
        Outcome("a1", TODAY - timedelta(days=25), "renewed", Decimal(7)),
        Outcome("a1", TODAY - timedelta(days=3), "churned", Decimal(9)),
        Outcome("a20", TODAY - timedelta(days=25), "renewed", Decimal(7)),
        Outcome("a20", TODAY - timedelta(days=25), "expanded", Decimal(8)),
    ]
    told = others.check(World(TODAY, slices, [*outcomes, *more], settings=OTHERS))
    of_churned = [row for row in told["outcome_labels"] if row["account_id"] == "a1"]
    assert {row["churned_on"] for row in of_churned} <= {None, TODAY - timedelta(days=20)}


def test_a_score_that_is_the_same_for_all(others: Warehouse) -> None:
    slices, outcomes = cohort(60, 12, TODAY - timedelta(days=20), score=42)
    told = others.check(World(TODAY, slices, outcomes, settings=OTHERS))
    test = next(row for row in told["score_validation"] if row["period"] == "test")
    assert test["auc"] == Fraction(1, 2)
    assert test["top_lift"] == 1
    assert test["capacity_recall"] == OTHERS.capacity_share


def test_a_score_that_is_always_unknown(others: Warehouse) -> None:
    slices, outcomes = cohort(30, 10)
    unknown = [replace(one, health_score=None) for one in slices]
    told = others.check(World(TODAY, unknown, outcomes, settings=OTHERS))
    assert not told["score_validation"]
    assert told["outcome_labels"]


def test_nothing_at_all(published: Warehouse) -> None:
    told = published.check(World(TODAY))
    assert not any(told.values())


# Plays


def plays_of(
    count: int, lost: int, is_hold_out: bool, name: str
) -> tuple[list[Play], list[Outcome]]:
    """So many accounts with a play long ago, of which some churned."""
    day = TODAY - timedelta(days=200)
    made = [Play(f"{name}{number}", day, is_hold_out=is_hold_out) for number in range(count)]
    gone = [Outcome(f"{name}{number}", day + timedelta(days=40)) for number in range(lost)]
    return made, gone


def only_play(told: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return next(row for row in told["intervention_effects"] if row["scenario"] != "all")


def test_no_claim_without_a_control_group(published: Warehouse) -> None:
    plays, outcomes = plays_of(200, 10, False, "t")
    row = only_play(published.check(World(TODAY, outcomes=outcomes, plays=plays)))
    assert row["status"] == "no control group"
    assert row["treated_saved_share"] == Fraction(95, 100)
    assert row["difference"] is None
    assert row["effect"] is None


@pytest.mark.parametrize(
    ("held_out", "lost", "status", "effect"),
    [
        (200, 60, "measured", "better"),
        (200, 12, "measured", "not shown"),
        (200, 0, "measured", "worse"),
        (29, 20, "small groups", None),
    ],
)
def test_plays_against_their_hold_out(
    published: Warehouse, held_out: int, lost: int, status: str, effect: str | None
) -> None:
    plays, outcomes = plays_of(200, 10, False, "t")
    more, gone = plays_of(held_out, lost, True, "h")
    world = World(TODAY, outcomes=[*outcomes, *gone], plays=[*plays, *more])
    row = only_play(published.check(world))
    assert (row["status"], row["effect"]) == (status, effect)


def test_a_play_is_judged_after_the_whole_horizon(published: Warehouse) -> None:
    plays, outcomes = plays_of(50, 5, False, "t")
    more, _ = plays_of(50, 0, True, "h")
    late = [replace(one, started_on=TODAY - timedelta(days=89)) for one in more]
    row = only_play(published.check(World(TODAY, outcomes=outcomes, plays=[*plays, *late])))
    assert (row["status"], row["hold_out_judged_count"]) == ("too recent", 0)


def test_who_was_in_both_groups_counts_in_neither(published: Warehouse) -> None:
    plays, outcomes = plays_of(50, 5, False, "t")
    more, _ = plays_of(40, 0, True, "t")
    row = only_play(published.check(World(TODAY, outcomes=outcomes, plays=[*plays, *more])))
    assert (row["both_groups_count"], row["treated_count"], row["hold_out_count"]) == (40, 10, 0)


# The oracle finds a planted leak.


def test_a_planted_leak_is_found() -> None:
    world = random_world(1, Settings(), 20, 90, 0.01)
    rows = oracle.labels(world)
    assert {row["period"] for row in rows} == {"train", "gap", "test", "open"}
    assert not oracle.leaks(rows, 90)
    planted = [{**row, "period": "train"} if row["period"] == "gap" else row for row in rows]
    assert oracle.leaks(planted, 90)
